use psom::PsomType;

#[derive(PsomType)]
struct Named {
    id: i64,
}

#[derive(PsomType)]
struct Two(i32, i32);

#[derive(PsomType)]
struct Unit;

#[derive(PsomType)]
struct Generic<T>(T);

#[derive(PsomType)]
union Union {
    id: i64,
}

fn main() {}
