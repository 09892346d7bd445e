use fsshttpb::object::StreamObject;

#[derive(StreamObject)]
#[stream_object(0x51)]
struct Object(u8);

fn main() {}
