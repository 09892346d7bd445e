//! OneNote packages. All tests read files outside the project; see `support::outside`.

use fsshttpb::{package::Package, print};
use onenote_parser::Parser;
use typed_path::TypedPath;

use crate::support::outside;

const FILE: &str = "onenote/AlternativePackaging.one";

#[test]
fn a_package_decodes_completely_and_encodes_to_the_same_bytes() {
    let Some(bytes) = outside(FILE) else { return };
    let package = Package::read(&bytes).unwrap();
    assert!(package.to_bytes() == bytes);
    print::check(&package.root, 68).unwrap();
}

#[test]
fn onenote_parser_reads_a_written_package() {
    let Some(bytes) = outside(FILE) else { return };
    let mut package = Package::read(&bytes).unwrap();
    let store = package.store().unwrap();
    package.set_store(&store).unwrap();
    package.padding = 0;
    let written = package.to_bytes();
    assert!(written != bytes, "the store writes the data elements in another order");
    let read = |bytes: &[u8]| {
        let section =
            Parser::new().parse_section_buffer(bytes, TypedPath::derive("section.one")).unwrap();
        let pages = section.page_series().iter().flat_map(|series| series.pages());
        pages
            .map(|page| format!("{:?} {:?}", page.title_text(), page.contents().len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(read(&written), read(&bytes));
}
