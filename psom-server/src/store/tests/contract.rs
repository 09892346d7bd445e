//! The tests, as functions that take a `Place`.

use psom::Committing;

use super::*;

pub(super) async fn turns_are_written_in_the_order_of_the_calls(place: impl Place) {
    let store = place.open().await;
    store.create(stored("team")).await.unwrap();
    let journal = store.journal("team");
    let mut commits: Vec<Committing> = (0..100)
        .map(|turn| journal.commit(vec![save("turn", turn.to_string()), save("a", "1")]))
        .collect();
    commits.push(journal.commit(vec![erase("a"), save("b", "2")]));
    // The answers are awaited in reverse order, and some never.
    commits.pop().unwrap().await.unwrap();
    drop(commits);
    assert_eq!(store.load("team").await.unwrap(), table([("b", "2"), ("turn", "99")]));
}

pub(super) async fn answers_arrive_in_the_order_of_the_calls(place: impl Place) {
    let store = place.open().await;
    store.create(stored("team")).await.unwrap();
    let journal = store.journal("team");
    let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
    for turn in 0..50 {
        let (commit, told) = (journal.commit(vec![save("turn", turn.to_string())]), told.clone());
        tokio::spawn(async move {
            commit.await.unwrap();
            told.send(turn).unwrap();
        });
    }
    drop(told);
    for turn in 0..50 {
        assert_eq!(hears.recv().await, Some(turn));
    }
}

pub(super) async fn deleting_a_key_deletes_the_keys_below_it(place: impl Place) {
    let store = place.open().await;
    store.create(stored("team")).await.unwrap();
    store.create(stored("other")).await.unwrap();
    let keys =
        ["content", "content/7", "content/7/vote/1", "content/70", "content/7-", "content/8"];
    for meeting in ["team", "other"] {
        let writes = keys.iter().map(|key| save(*key, "x")).collect();
        store.journal(meeting).commit(writes).await.unwrap();
    }
    let again = vec![erase("content/7"), save("content/7/vote/2", "again")];
    store.journal("team").commit(again).await.unwrap();
    let left = table([
        ("content", "x"),
        ("content/7-", "x"),
        ("content/7/vote/2", "again"),
        ("content/70", "x"),
        ("content/8", "x"),
    ]);
    assert_eq!(store.load("team").await.unwrap(), left);
    assert_eq!(store.load("other").await.unwrap().len(), keys.len());

    // The same in one turn: values of earlier turns, of this turn, and of the same keys once more.
    let turn = vec![
        save("content/9", "new"),
        erase("content"),
        save("content/8", "kept"),
        save("content", "kept"),
        erase("content/8"),
        save("content/8/vote", "kept"),
    ];
    store.journal("other").commit(turn).await.unwrap();
    let left = table([("content", "kept"), ("content/8/vote", "kept")]);
    assert_eq!(store.load("other").await.unwrap(), left);
}

pub(super) async fn any_text_can_be_saved(place: impl Place) {
    let store = place.open().await;
    store.create(stored("team")).await.unwrap();
    let texts = ["", "\0", "\u{1}", "ключ/'\"\0", "{\"a\":\"ü\n\\\"}", "\u{10ffff}", "$1 %s -- ;"];
    let writes = texts.iter().map(|text| save(*text, *text)).collect();
    store.journal("team").commit(writes).await.unwrap();
    let saved: Table = texts.iter().map(|text| (text.to_string(), text.to_string())).collect();
    assert_eq!(store.load("team").await.unwrap(), saved);

    let erased = texts[1..].iter().map(|text| erase(text)).collect();
    store.journal("team").commit(erased).await.unwrap();
    assert_eq!(store.load("team").await.unwrap(), table([("", "")]));
}

pub(super) async fn state_is_complete_after_a_restart(place: impl Place) {
    let store = place.open().await;
    for id in ["b", "a"] {
        store.create(StoredMeeting { title: None, ..stored(id) }).await.unwrap();
        // The commit is not awaited, because closing writes it.
        drop(store.journal(id).commit(vec![save("of", id)]));
    }
    store.close().await.unwrap();
    let store = place.open().await;
    let meetings = ["a", "b"].map(|id| StoredMeeting { title: None, ..stored(id) });
    assert_eq!(store.meetings().await.unwrap(), meetings);
    for id in ["a", "b"] {
        assert_eq!(store.claim(id).await, Ok(Claim::Owned));
        assert_eq!(store.load(id).await.unwrap(), table([("of", id)]));
    }
}

pub(super) async fn large_turn_is_saved_in_one_piece(place: impl Place) {
    let store = place.open().await;
    store.create(stored("team")).await.unwrap();
    let long = "x".repeat(20 << 20);
    let many = (0..5000).map(|number| save(number.to_string(), "x"));
    let turn = many.chain([save("long", &long)]).collect();
    store.journal("team").commit(turn).await.unwrap();
    let state = store.load("team").await.unwrap();
    assert_eq!((state.len(), state["long"] == long), (5001, true));
}

pub(super) async fn dropped_store_writes_accepted_changes(place: impl Place) {
    let store = place.open().await;
    store.create(stored("team")).await.unwrap();
    let journal = store.journal("team");
    let commit = journal.commit(vec![save("a", "1")]);
    drop(store);
    commit.await.unwrap();
    let late = journal.commit(vec![save("a", "2")]).await;
    assert_eq!(late.unwrap_err().to_string(), "the store is closed");
    let store = place.open().await;
    assert_eq!(store.claim("team").await, Ok(Claim::Owned));
    assert_eq!(store.load("team").await.unwrap(), table([("a", "1")]));
}

pub(super) async fn deleted_meeting_leaves_no_state_to_a_later_one(place: impl Place) {
    let store = place.open().await;
    store.create(stored("team")).await.unwrap();
    store.create(stored("other")).await.unwrap();
    let old = store.journal("team");
    old.commit(vec![save("a", "1")]).await.unwrap();
    store.journal("other").commit(vec![save("a", "2")]).await.unwrap();
    store.delete("team").await.unwrap();
    let no_meeting = || Error::NoMeeting("team".into());
    assert_eq!(store.load("team").await, Err(no_meeting()));
    assert_eq!(store.delete("team").await, Err(no_meeting()));
    assert_eq!(store.claim("team").await, Err(no_meeting()));
    assert!(old.commit(vec![save("b", "late")]).await.is_err());
    assert!(store.journal("team").commit(vec![save("b", "early")]).await.is_err());

    store.create(stored("team")).await.unwrap();
    assert!(old.commit(vec![save("b", "later")]).await.is_err());
    assert_eq!(store.load("team").await.unwrap(), Table::new());
    assert_eq!(store.load("other").await.unwrap(), table([("a", "2")]));
}

pub(super) async fn meeting_id_can_be_created_once(place: impl Place) {
    let store = place.open().await;
    // The second call is refused although the first is not written yet.
    let (first, second) = (store.create(stored("team")), store.create(stored("team")));
    assert_eq!(second.await, Err(Error::Exists("team".into())));
    first.await.unwrap();
    store.close().await.unwrap();
    let store = place.open().await;
    assert_eq!(store.create(stored("team")).await, Err(Error::Exists("team".into())));
    store.close().await.unwrap();
    assert_eq!(store.create(stored("late")).await, Err(Error::Closed));
    assert_eq!(store.meetings().await, Err(Error::Closed));
    assert_eq!(store.close().await, Ok(()), "closing twice is harmless");
}

pub(super) async fn owner_can_claim_its_meeting_again(place: impl Place) {
    let store = place.open().await;
    store.create(stored("team")).await.unwrap();
    let journal = store.journal("team");
    assert_eq!(store.claim("team").await, Ok(Claim::Owned));
    // The earlier journal is still valid.
    journal.commit(vec![save("a", "1")]).await.unwrap();
    assert_eq!(store.load("team").await.unwrap(), table([("a", "1")]));
}
