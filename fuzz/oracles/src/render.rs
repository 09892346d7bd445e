//! The messages of the program that draws PDFs. They are untrusted, because a PDF may take it over.

use psom_render::Frame;

/// Reads a message.
pub fn read_frame(mut bytes: &[u8]) {
    let _ = Frame::read(&mut bytes);
}

/// Checks that a message that is read can be written, and is then read as the same message.
pub fn frame(mut bytes: &[u8]) {
    let Ok((frame, picture)) = Frame::read(&mut bytes) else { return };
    let mut written = Vec::new();
    frame.write(Some(&picture), &mut written).expect("a message that was read");
    let (again, same_picture) = Frame::read(&mut &written[..]).expect("our own message");
    assert_eq!(same_picture, picture);
    assert_eq!(format!("{again:?}"), format!("{frame:?}"));
}
