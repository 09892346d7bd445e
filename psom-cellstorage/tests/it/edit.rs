//! Two clients edit one document over HTTP.

use psom_cellstorage::{ErrorName, client::ClientError};

use crate::support::{PATH, client, noise, pptx, put, query, site, upload};

#[tokio::test]
async fn loser_of_a_race_queries_again_and_merges() {
    let (router, documents) = site();
    let mut ada = client(1);
    put(&router, "ada", &mut ada, b"first").await.unwrap();
    assert_eq!(ada.revision(), Some(1));
    let (mut winner, mut loser) = (client(2), client(3));
    query(&router, "win", &mut winner).await.unwrap();
    query(&router, "lose", &mut loser).await.unwrap();

    put(&router, "win", &mut winner, b"the winner's text").await.unwrap();
    let late = put(&router, "lose", &mut loser, b"the loser's text").await;
    assert!(matches!(late, Err(ClientError::Coherency)), "{late:?}");
    assert_eq!(documents.files(PATH).len(), 2, "a refused upload creates no revision");

    query(&router, "lose", &mut loser).await.unwrap();
    assert_eq!(&loser.file().unwrap()[..], b"the winner's text");
    assert_eq!(loser.revision(), Some(2));
    put(&router, "lose", &mut loser, b"the winner's text and the loser's").await.unwrap();
    let files = documents.files(PATH);
    assert_eq!(files.last().unwrap(), "the winner's text and the loser's");
    assert_eq!(files.len(), 3);
}

#[tokio::test]
async fn client_does_not_overwrite_a_file_that_it_believes_absent() {
    let (router, documents) = site();
    let (mut ada, mut bob) = (client(1), client(2));
    put(&router, "ada", &mut ada, b"first").await.unwrap();
    let late = put(&router, "bob", &mut bob, b"mine").await;
    assert!(matches!(late, Err(ClientError::Coherency)), "{late:?}");
    assert_eq!(documents.files(PATH), ["first"]);
    let absent = query(&router, "bob", &mut client(9)).await;
    assert!(absent.is_ok());
}

#[tokio::test]
async fn a_query_for_an_absent_file_names_the_error() {
    let (router, _) = site();
    let absent = query(&router, "ada", &mut client(1)).await;
    let Err(ClientError::Refused { name, .. }) = absent else { panic!("{absent:?}") };
    assert_eq!(name, ErrorName::FileNotExistsOrCannotBeCreated);
}

#[tokio::test]
async fn a_second_edit_of_20_mb_uploads_less_than_a_twentieth() {
    let (router, documents) = site();
    let (before, after) = (pptx(40, 520_000, None), pptx(40, 520_000, Some(17)));
    assert!(before.len() > 20_000_000);
    let mut ada = client(1);
    put(&router, "ada", &mut ada, &before).await.unwrap();
    let mut bob = client(2);
    query(&router, "bob", &mut bob).await.unwrap();
    assert!(bob.file().unwrap() == before);
    let bytes = put(&router, "bob", &mut bob, &after).await.unwrap();
    assert!(bytes * 20 < after.len(), "{bytes} bytes");
    assert!(documents.files(PATH)[1] == after);
    // The first client gets the change only.
    query(&router, "ada", &mut ada).await.unwrap();
    assert!(ada.file().unwrap() == after);
}

#[tokio::test]
async fn an_upload_in_parts_is_one_revision() {
    let (router, documents) = site();
    let mut ada = client(1);
    let file = noise(7, 9_000_000);
    let parts = ada.edit(&file.clone().into()).unwrap();
    assert!(parts.len() > 2);
    upload(&router, "ada", &mut ada, &parts[..1], &[]).await.unwrap();
    assert!(documents.files(PATH).is_empty());
    upload(&router, "ada", &mut ada, &parts[1..], &[]).await.unwrap();
    assert!(documents.files(PATH) == [file]);
    assert_eq!(ada.revision(), Some(1));
}
