//! Errors of actions in a meeting, as sentences for people.

use psom::{CallError, Error};
use psom_client::ActionError;
use psom_objects::client::RequestError;

use crate::{error::CommandError, render::refusal};

/// The error for a meeting that has ended. A server that stops in order to restart looks the same.
pub(super) fn meeting_ended() -> CommandError {
    CommandError::Unreachable("the meeting has ended, or the server has stopped".to_owned())
}

/// Returns the error of an action.
pub(crate) fn action_failed(error: ActionError) -> CommandError {
    match error {
        ActionError::Call(CallError::Gone) => {
            CommandError::new("the content or the upload no longer exists; see `psom list`")
        }
        ActionError::Request(RequestError::TitleRefused { status, .. }) => {
            CommandError::from_sentence(&refusal::reservation(status))
        }
        ActionError::Request(RequestError::UploadEnded(reason)) => {
            CommandError::from_sentence(&refusal::upload(reason))
        }
        ActionError::Ended(Error::PeerClosed) => meeting_ended(),
        ActionError::Ended(error) => error.into(),
        other => CommandError::new(other.to_string()),
    }
}
