use psom::PsomType;

const TWO: i32 = 2;

#[derive(PsomType)]
#[repr(i32)]
enum Variants {
    One = 1,
    Two = TWO,
    Fields {
        name: String,
    },
    Tuple(i32),
    Large = 2147483648,
    #[other]
    Other(i32) = 9,
}

fn main() {}
