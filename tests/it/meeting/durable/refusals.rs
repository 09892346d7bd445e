//! State that cannot be restored is refused.

use psom::error::Misuse;
use psom_objects::{package::*, server::RestoreError};

use super::refusal;
use crate::meeting::{
    conference::{ConferenceWorld, State},
    store::MemoryStore,
    world::config,
};

#[test]
fn unreadable_or_missing_state_is_refused_with_its_key() {
    let mut world = ConferenceWorld::with_users();
    let file = CreateContent::new("Plan.txt", ContentDetail::NativeFileOnly);
    world.pack(file.with_native_file("plan.txt"));
    world.save();
    let fails = |state: &State, files: &MemoryStore| {
        refusal(&config(files.clone()), state).map_or_else(String::new, |error| error.to_string())
    };
    assert_eq!(fails(&world.state, &world.files), "");
    for (key, value, expected) in [
        ("content/1", "{}", "`content/1` cannot be read"),
        ("content/x", "{}", "`content/x` cannot be read"),
        ("contents", "[", "`contents` cannot be read"),
    ] {
        let mut state = world.state.clone();
        state.insert(key.into(), value.into());
        let error = fails(&state, &world.files);
        assert!(error.contains(expected), "{key}: {error}");
    }
    // A missing file concerns its content only.
    assert_eq!(fails(&world.state, &MemoryStore::default()), "");
    let _: fn(Misuse) -> RestoreError = RestoreError::from;
}
