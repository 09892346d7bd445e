use fsshttpb::object::StreamObject;

#[derive(StreamObject)]
#[stream_object(0x51, print = "flags {flag}")]
struct Object {
    flags: u8,
}

fn main() {}
