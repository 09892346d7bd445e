use psom::PsomType;

#[derive(PsomType)]
struct Borrowed {
    url: &'static str,
    key: [u8],
}

#[derive(PsomType)]
struct Conditional {
    url: String,
    #[cfg(test)]
    key: Vec<u8>,
}

#[derive(PsomType)]
struct SameName {
    url: String,
    #[wire(name = "url")]
    address: String,
}

#[derive(PsomType)]
struct BadName {
    url: String,
    #[wire(name = "file name")]
    name: String,
}

fn main() {}
