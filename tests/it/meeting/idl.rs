//! The interfaces match the specification method by method.

use std::collections::BTreeSet;

use psom_inspect::idl::{Document, compare};
use psom_objects::interfaces::catalog;

fn specified() -> Document {
    Document::parse(include_str!("../../data/interfaces.idl")).unwrap()
}

#[test]
fn every_interface_matches_the_specification() {
    let built_in: Document = catalog().iter().collect();
    let differences = compare(&built_in, &specified());
    let said: Vec<_> = differences.iter().map(ToString::to_string).collect();
    assert_eq!(said, [""; 0]);
}

#[test]
fn built_in_interfaces_are_those_of_the_specification() {
    let keys = |document: &Document| -> BTreeSet<_> {
        document.blocks.iter().map(|block| (block.name.clone(), block.version)).collect()
    };
    let built_in: Document = catalog().iter().collect();
    assert_eq!(keys(&built_in), keys(&specified()));
    assert_eq!(specified().blocks.len(), 17);
}

#[test]
fn every_method_has_its_position_types_and_names() {
    // A second comparison, independent of the library's own.
    let built_in: Document = catalog().iter().collect();
    for theirs in &specified().blocks {
        let same = |name: &str, version| name == theirs.name && version == theirs.version;
        let ours = built_in.blocks.iter().find(|it| same(&it.name, it.version)).unwrap();
        for (ours, theirs) in [(&ours.server, &theirs.server), (&ours.client, &theirs.client)] {
            assert!(ours.hash.is_some() && ours.hash == theirs.hash);
            assert_eq!(ours.methods.len(), theirs.methods.len());
            for (ours, theirs) in ours.methods.iter().zip(&theirs.methods) {
                assert_eq!(ours.name, theirs.name);
                assert_eq!(ours.params.len(), theirs.params.len(), "{}", ours.name);
                for (ours, theirs) in ours.params.iter().zip(&theirs.params) {
                    assert_eq!(ours.name, theirs.name);
                    assert!(ours.kind.encodes_like(&theirs.kind), "{ours:?} {theirs:?}");
                }
            }
        }
    }
}

#[test]
fn interface_halves_share_name_and_versions() {
    for definition in catalog() {
        let versions = |half: &psom::InterfaceDesc| -> Vec<i32> {
            half.versions.iter().map(|(version, _)| *version).collect()
        };
        assert_eq!(definition.server.name, definition.client.name);
        assert_eq!(versions(definition.server), versions(definition.client));
    }
}
