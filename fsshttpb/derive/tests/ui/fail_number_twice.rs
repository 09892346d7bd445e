use fsshttpb::object::{StreamObject, Unknown};

#[derive(StreamObject)]
#[stream_object(0x51)]
struct First {}

#[derive(StreamObject)]
#[stream_object(0x51)]
struct Second {}

#[derive(StreamObject)]
enum Table {
    First(First),
    Second(Second),
    #[stream_object(unknown)]
    Unknown(Unknown),
}

fn main() {}
