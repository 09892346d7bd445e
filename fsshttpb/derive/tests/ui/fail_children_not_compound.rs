use fsshttpb::object::StreamObject;

#[derive(StreamObject)]
#[stream_object(0x52)]
struct Child {}

#[derive(StreamObject)]
#[stream_object(0x51, children(Child))]
struct Object {}

fn main() {}
