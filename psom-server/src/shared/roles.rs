//! The names of roles in saved state and in the HTTP API, for `#[serde(with = "roles")]`.

use psom_objects::types::Role;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Role", rename_all = "lowercase")]
enum RoleName {
    Attendee,
    Presenter,
    Organizer,
}

pub(crate) fn serialize<S: Serializer>(role: &Role, serializer: S) -> Result<S::Ok, S::Error> {
    RoleName::serialize(role, serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
    RoleName::deserialize(deserializer)
}

/// Returns the name of a role.
pub(crate) fn name(role: Role) -> &'static str {
    match role {
        Role::Attendee => "attendee",
        Role::Presenter => "presenter",
        Role::Organizer => "organizer",
    }
}
