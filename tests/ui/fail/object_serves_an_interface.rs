use psom::distributed_object;

trait Plain {}

#[distributed_object(serves = Plain, calls = Plain)]
struct Room;

impl Plain for Room {}

fn main() {}
