use fsshttpb::object::StreamObject;

#[derive(StreamObject)]
#[stream_object(0x51, nested)]
struct Object {}

fn main() {}
