use fsshttpb::object::StreamObject;

#[derive(StreamObject)]
#[stream_object(0x51)]
#[stream_object(0x52)]
struct Object {}

fn main() {}
