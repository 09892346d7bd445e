use psom::PsomType;

#[derive(PsomType)]
enum NoRepr {
    One,
    #[other]
    Other(i32),
}

#[derive(PsomType)]
#[repr(u8)]
enum Byte {
    One,
    #[other]
    Other(i32),
}

fn main() {}
