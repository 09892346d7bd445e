//! Answers of a server in the events of a meeting.

use psom_objects::{
    client::{Event, UploadEvent},
    types::TitleReservationStatus,
};

/// Returns the status with which a server answers the reservation of a title.
pub(super) fn reservation(event: &Event, cookie: i32) -> Option<TitleReservationStatus> {
    match event {
        Event::Upload { cookie: of, event: UploadEvent::TitleReservation { status, .. } }
            if *of == cookie =>
        {
            Some(*status)
        }
        _ => None,
    }
}
