//! The saved state of files: one key per file.

use std::{collections::BTreeMap, sync::Arc};

use psom::testing::Pair;
use psom_objects::{
    annotation::Property,
    client::{Conference, Event, Upload},
    server::{Meeting, MeetingConfig, RestoreError},
    types::{Participant, Role},
};

use super::store::MemoryStore;

type State = BTreeMap<String, String>;

fn config(files: &MemoryStore) -> MeetingConfig {
    let started = std::time::SystemTime::UNIX_EPOCH;
    MeetingConfig::new("http://127.0.0.1/files/", Arc::new(files.clone()), started)
}

struct Room {
    pair: Pair<Meeting, Conference>,
    state: State,
}

impl Room {
    fn restored(files: &MemoryStore, state: &State) -> Self {
        let mut pair = Pair::server(psom::Config::default(), |scope| {
            Meeting::restore(scope, config(files), state).unwrap()
        });
        let participant = Participant { uri: "sip:1".to_owned(), role: Role::Organizer };
        pair.join_as(participant.user(1, "1"), |scope| Conference::new(scope, |_: Event| ()));
        Self { pair, state: state.clone() }
    }

    fn upload(&mut self, parcel: Upload) {
        self.pair.on_client(0, |root, cx| root.upload(cx, parcel)).unwrap();
    }

    fn image(&mut self) {
        let look = [(Property::Extent, "10,10".to_owned())].into_iter().collect();
        self.upload(Upload::image(1, &look, &"picture".into()).unwrap());
    }

    /// Applies the meeting's writes to `state`, as a store does. Returns the writes that concern
    /// neither an annotation nor another part of the board.
    fn save(&mut self) -> Vec<(String, Option<String>)> {
        let mut saved = Vec::new();
        for write in self.pair.take_writes() {
            write.clone().apply(&mut self.state);
            if !write.key.starts_with("content/1/") {
                saved.push((write.key, write.value));
            }
        }
        saved.sort();
        saved
    }
}

/// A board with this number of images.
fn board(images: usize) -> (Room, MemoryStore) {
    let files = MemoryStore::default();
    let mut room = Room::restored(&files, &State::new());
    room.upload(Upload::whiteboard("Board").unwrap());
    (0..images).for_each(|_| room.image());
    room.save();
    (room, files)
}

#[test]
fn package_saves_only_its_own_files() {
    // The content's own value has the same number of digits with a hundred images as with ten.
    let [few, many] = [10, 98].map(|images| {
        let (mut room, _) = board(images);
        room.image();
        let saved = room.save();
        let keys: Vec<_> = saved.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["content/1", &format!("file/1/file-{}", images + 1)]);
        saved[0].1.as_ref().unwrap().len()
    });
    assert_eq!(few, many);
}

#[test]
fn removed_file_is_forgotten_alone() {
    let (mut room, files) = board(3);
    room.pair.on_client(0, |root, cx| root.remove_annotation(cx, 1, 2)).unwrap();
    let saved = room.save();
    assert_eq!(
        (saved[0].0.as_str(), &saved[1]),
        ("content/1", &("file/1/file-2".to_owned(), None))
    );
    let mut again = Room::restored(&files, &room.state);
    again.image();
    again.save();
    let mut kept: Vec<_> = again.state.keys().filter(|key| key.starts_with("file/")).collect();
    kept.sort();
    assert_eq!(kept, ["file/1/file-1", "file/1/file-3", "file/1/file-4"]);
    again.pair.on_client(0, |root, cx| root.delete_content(cx, 1)).unwrap();
    again.save();
    assert_eq!(again.state.keys().collect::<Vec<_>>(), ["contents"]);
}

#[test]
fn content_with_a_missing_file_is_refused() {
    let (mut room, files) = board(2);
    room.state.remove("file/1/file-1");
    let mut refused = None;
    Pair::<Meeting, Conference>::server(psom::Config::default(), |scope| {
        refused = Meeting::restore(scope, config(&files), &room.state).err();
        Meeting::new(scope, config(&files))
    });
    let refused = refused.unwrap();
    assert!(matches!(&refused, RestoreError::Unreadable { key, .. } if key == "content/1"));
    assert!(refused.to_string().contains("the content has 2 files, but 1 are saved"), "{refused}");
    // The files of a dropped content do not belong to the next content with its number.
    room.state.retain(|key, _| key.starts_with("file/"));
    assert_eq!(room.state.len(), 1);
    let mut again = Room::restored(&files, &room.state);
    again.save();
    assert!(again.state.is_empty());
}
