use fsshttpb::{atom::Blob, object::StreamObject};

#[derive(StreamObject)]
#[stream_object(0x51)]
struct Object {
    #[stream_object(rest)]
    data: Blob,
    flags: u8,
}

fn main() {}
