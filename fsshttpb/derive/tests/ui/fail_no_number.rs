use fsshttpb::object::StreamObject;

#[derive(StreamObject)]
struct Object {}

fn main() {}
