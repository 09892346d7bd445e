use fsshttpb::object::StreamObject;

#[derive(StreamObject)]
#[stream_object(0x51)]
union Object {
    value: u8,
}

fn main() {}
