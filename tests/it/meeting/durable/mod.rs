//! Durable state: a meeting restored from its saved state is equal to the original.

mod files;
mod refusals;
mod restoring;
mod saving;
mod set_aside;

use psom::testing::Pair;
use psom_objects::{
    client::Conference,
    server::{Meeting, MeetingConfig, RestoreError},
    types::Role,
};

use super::conference::{ConferenceWorld, State};

impl ConferenceWorld {
    /// Checks that a meeting restored from the saved state shows the same contents to all roles.
    /// `step` describes the last change.
    fn check(&mut self, step: &str) {
        let mut again = self.restart();
        for (user, role) in [(90, Role::Presenter), (3, Role::Attendee), (91, Role::Attendee)] {
            assert_eq!(again.seen(user, role), self.seen(user, role), "{step}: {:#?}", self.state);
        }
        // The restored meeting has saved nothing new and lost nothing.
        again.save();
        assert_eq!(again.state, self.state, "{step}");
    }
}

/// Returns the reason for which a meeting cannot be restored.
fn refusal(config: &MeetingConfig, state: &State) -> Option<RestoreError> {
    let mut refusal = None;
    Pair::<Meeting, Conference>::server(psom::Config::default(), |scope| {
        Meeting::restore(scope, config.clone(), state).unwrap_or_else(|error| {
            refusal = Some(error);
            Meeting::new(scope, config.clone())
        })
    });
    refusal
}
