use psom::PsomType;

#[derive(PsomType)]
#[repr(i32)]
enum Status {
    Reserved,
    Upgrade = 5,
    Gone,
    #[other]
    Other(i32),
}

fn main() {}
