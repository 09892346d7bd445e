use fsshttpb::object::StreamObject;

#[derive(StreamObject)]
#[stream_object(0x51)]
struct Object {}

#[derive(StreamObject)]
enum Table {
    Object(Object),
}

fn main() {}
