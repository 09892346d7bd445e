use psom::{distributed_object, psom_interface};

#[psom_interface(name = "Example.Halves", version = 1, hash = 1)]
trait HalfServer {}

#[distributed_object]
struct Neither;

#[distributed_object(serves = HalfServer)]
struct NoCalls;

#[distributed_object(calls = HalfServer)]
struct NoServes;

#[distributed_object(serves = HalfServer, serves = HalfServer, calls = HalfServer)]
struct Twice;

#[distributed_object(serves = HalfServer, calls = HalfServer, name = "Example.Halves")]
struct Unknown;

#[distributed_object(serves = "HalfServer", calls = HalfServer<u8>)]
struct NoPath;

fn main() {}
