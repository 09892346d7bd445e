use fsshttpb::{atom::Blob, object::StreamObject};

#[derive(StreamObject)]
#[stream_object(0x51)]
struct Object {
    #[stream_object(tail)]
    data: Blob,
}

fn main() {}
