use psom::PsomType;

const TWO: i32 = 2;

#[derive(PsomType)]
#[repr(i32)]
enum Variants {
    One = 1,
    Two = TWO,
    Fields { name: String },
    Tuple(i32),
    Again = 0x1,
    #[other]
    Other(i32),
}

fn main() {}
