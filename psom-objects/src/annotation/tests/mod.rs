#![expect(clippy::cast_sign_loss, clippy::unwrap_used, reason = "tests")]

mod batch;
mod board;
mod code;
mod property;
mod text;
