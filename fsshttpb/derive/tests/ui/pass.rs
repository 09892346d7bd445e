use fsshttpb::{
    atom::{Blob, CompactU64, ExtendedGuid},
    object::{ObjectTable, StreamObject, Unknown},
};

#[derive(StreamObject)]
#[stream_object(0x3FFF, compound, children(Inner), print = "count {count}")]
struct Outer {
    count: CompactU64,
}

#[derive(StreamObject)]
#[stream_object(0x51, print = "{id} {more:?} {data}")]
struct Inner {
    id: ExtendedGuid,
    more: Option<u8>,
    #[stream_object(rest)]
    data: Blob,
}

#[derive(StreamObject)]
enum Table {
    Outer(Outer),
    Inner(Inner),
    #[stream_object(unknown)]
    Unknown(Unknown),
}

fn main() {
    assert_eq!(Outer::CHILDREN, [Inner::NUMBER]);
    assert_eq!(Inner::FIELDS, ["id", "more", "data"]);
    assert_eq!(Table::TYPES.len(), 2);
}
