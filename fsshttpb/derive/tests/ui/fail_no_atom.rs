use fsshttpb::object::StreamObject;

#[derive(StreamObject)]
#[stream_object(0x51)]
struct Object {
    name: String,
}

fn main() {}
