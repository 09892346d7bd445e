//! The saved state of files: one key per file.

use psom_objects::{annotation::Property, client::Upload, server::RestoreError, types::Role};

use super::refusal;
use crate::meeting::{
    conference::{ConferenceWorld, properties},
    world::config,
};

fn add_image(world: &mut ConferenceWorld) {
    let look = properties(&[(Property::Extent, "10,10")]);
    world.upload(Upload::image(1, &look, &"picture".into()).unwrap());
}

/// Saves the meeting's writes. Returns those that concern neither an annotation nor another part of
/// the board.
fn save(world: &mut ConferenceWorld) -> Vec<(String, Option<String>)> {
    let mut saved = Vec::new();
    for write in world.pair.take_writes() {
        write.clone().apply(&mut world.state);
        if !write.key.starts_with("content/1/") {
            saved.push((write.key, write.value));
        }
    }
    saved.sort();
    saved
}

/// Returns a board with this number of images.
fn board(images: usize) -> ConferenceWorld {
    let mut world = ConferenceWorld::with_users();
    world.upload(Upload::whiteboard("Board").unwrap());
    (0..images).for_each(|_| add_image(&mut world));
    world.save();
    world
}

#[test]
fn package_saves_only_its_own_files() {
    // The content's own value has the same number of digits with a hundred images as with ten.
    let [few, many] = [10, 98].map(|images| {
        let mut world = board(images);
        add_image(&mut world);
        let saved = save(&mut world);
        let keys: Vec<_> = saved.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["content/1", &format!("file/1/file-{}", images + 1)]);
        saved[0].1.as_ref().unwrap().len()
    });
    assert_eq!(few, many);
}

#[test]
fn removed_file_is_forgotten_alone() {
    let mut world = board(3);
    world.act(0, |conference, cx| conference.remove_annotation(cx, 1, 2));
    let saved = save(&mut world);
    assert_eq!(
        (saved[0].0.as_str(), &saved[1]),
        ("content/1", &("file/1/file-2".to_owned(), None))
    );
    let mut again = world.restart();
    again.join(1, Role::Organizer);
    add_image(&mut again);
    again.save();
    let mut kept: Vec<_> = again.state.keys().filter(|key| key.starts_with("file/")).collect();
    kept.sort();
    assert_eq!(kept, ["file/1/file-1", "file/1/file-3", "file/1/file-4"]);
    again.act(0, |conference, cx| conference.delete_content(cx, 1));
    again.save();
    assert_eq!(again.state.keys().collect::<Vec<_>>(), ["contents"]);
}

#[test]
fn content_with_a_missing_file_is_refused() {
    let mut world = board(2);
    world.state.remove("file/1/file-1");
    let refused = refusal(&config(world.files.clone()), &world.state).unwrap();
    assert!(matches!(&refused, RestoreError::Unreadable { key, .. } if key == "content/1"));
    assert!(refused.to_string().contains("the content has 2 files, but 1 are saved"), "{refused}");
    // The files of a dropped content do not belong to the next content with its number.
    world.state.retain(|key, _| key.starts_with("file/"));
    assert_eq!(world.state.len(), 1);
    let mut again = ConferenceWorld::restored(world.files, world.state);
    again.save();
    assert!(again.state.is_empty());
}
