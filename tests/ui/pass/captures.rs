//! Captures of part names: borrowed text, and identifiers that derive `PsomType`.

#![deny(warnings)]

use psom::{Context, Handle, PsomType, distributed_object, psom_interface};

#[derive(PsomType)]
struct ContentId(i64);

#[derive(PsomType)]
struct Label(String);

#[derive(PsomType)]
struct Nested(ContentId);

/// Cannot be captured, but derives `PsomType` all the same.
#[derive(PsomType)]
pub struct Data(pub Vec<i32>);

#[psom_interface(name = "Example.Capture", version = 1, hash = 0xffff_ffff_ffff_ffff)]
trait CaptureServer {}

#[psom_interface(name = "Example.Capture", version = 1, hash = 0x0)]
trait CaptureClient {}

#[distributed_object(serves = CaptureServer, calls = CaptureClient)]
struct Room {
    twin: Handle<Room>,
    seen: Vec<String>,
}

#[distributed_object]
impl Room {
    #[child("text.{name}")]
    fn text(&mut self, name: &str) -> Handle<Room> {
        self.seen.push(name.to_owned());
        self.twin
    }

    #[child("content.{id}.{label}")]
    fn content(&mut self, _: &mut Context<Self>, id: ContentId, label: Label) -> Handle<Room> {
        self.seen.push(format!("{} {}", id.0, label.0));
        self.twin
    }

    #[child("nested.{id}")]
    fn nested(&mut self, id: Nested) -> Handle<Room> {
        self.seen.push(format!("{}", id.0.0));
        self.twin
    }
}

impl CaptureServer for Room {}

fn main() {
    let hash = <CaptureServerProxy as psom::Interface>::DESC.hash(1);
    assert_eq!(hash, Some(-1));
}
