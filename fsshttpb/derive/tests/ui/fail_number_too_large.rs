use fsshttpb::object::StreamObject;

#[derive(StreamObject)]
#[stream_object(0x4000)]
struct Object {}

fn main() {}
