//! The meetings of a server: the registry, each running meeting, and its roster of users.
//!
//! This folder runs meetings and saves them. It does not decide who is admitted, and it knows
//! nothing of HTTP.

mod draining;
mod registry;
mod removed_users;
mod roster;
mod running_meeting;
mod template;
#[cfg(test)]
mod tests;
mod unloading;

pub(crate) use registry::{CreateError, Hooks, Meetings, ObtainError, OpenError};
pub(crate) use roster::{Roster, RosterFull};
pub(crate) use running_meeting::{AdmitError, RunningMeeting, store_obstacle};
pub(crate) use template::MeetingTemplate;
pub(crate) use unloading::unload_unused;
