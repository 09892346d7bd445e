use psom::PsomType;

#[derive(PsomType)]
#[repr(i32)]
enum Variants {
    One = 1,
    Two,
    Again = 0x1,
    #[other]
    Other(i32) = 9,
}

fn main() {}
