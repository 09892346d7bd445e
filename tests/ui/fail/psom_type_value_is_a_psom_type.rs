use psom::PsomType;

struct Point;

#[derive(PsomType)]
struct Place(Point);

fn main() {}
