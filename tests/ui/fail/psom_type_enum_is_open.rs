use psom::PsomType;

#[derive(PsomType)]
#[repr(i32)]
enum Closed {
    One = 1,
}

#[derive(PsomType)]
#[repr(i32)]
enum TwoOthers {
    #[other]
    One(i32),
    #[other]
    Two(i32),
}

#[derive(PsomType)]
#[repr(i32)]
enum WrongOther {
    One = 1,
    #[other]
    Other,
}

#[derive(PsomType)]
#[repr(i32)]
enum WideOther {
    One = 1,
    #[other]
    Other(i64),
}

fn main() {}
