//! The interfaces match the specification method by method.

use std::collections::BTreeSet;

use psom_inspect::idl::{Bindings, Document, compare};
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

/// Returns the interfaces that psom-js gets. It has the protocol's own object already.
fn bindings() -> Bindings {
    let mut definitions = catalog();
    definitions.retain(|definition| definition.title != "ConnMgr");
    Bindings::from_definitions(&definitions).unwrap()
}

#[test]
fn javascript_of_the_interfaces_is_current() {
    let advice = "run `psom idl --javascript` and `psom idl --typescript` for psom-js/meeting";
    let committed = include_str!("../../../psom-js/meeting/interfaces.js");
    assert!(bindings().javascript("..") == committed, "{advice}");
    let committed = include_str!("../../../psom-js/meeting/interfaces.d.ts");
    assert!(bindings().typescript("..") == committed, "{advice}");
}

const ROOM: &str = r#"
[Name="Example.Room", Version=1]
DOInterface Room {
    [Hash=1]
    ServerInterface { void sSay(String text); void sSay(String text, Int64 type); }
    [Hash=-2]
    ClientInterface { void cSaid(String[][] rows, Byte[] data, DistributedObject by); }
}
[Name="Example.Room", Version=3]
DOInterface Room {
    [Hash=11]
    ServerInterface { void sSay(String text); void sSay(String text, Int64 type); void setURL(); }
    [Hash=-12]
    ClientInterface { void cSaid(String[][] rows, Byte[] data, DistributedObject by); }
}
"#;

#[test]
fn code_is_generated_from_a_file_of_definitions() {
    let bindings = Bindings::from_document(&Document::parse(ROOM).unwrap()).unwrap();
    let script = bindings.javascript("/app");
    for part in [
        "import { Interface } from '/app/interface.js';",
        "versions: [[1, 1n, -2n], [3, 11n, -12n]],",
        "{ name: 'sSay_2', params: [['text', 'String'], ['type', 'Int64']] },",
        "{ name: 'setURL', params: [], since: 3 },",
    ] {
        assert!(script.contains(part), "{part} in {script}");
    }
    let types = bindings.typescript("/app");
    let said = "cSaid?(rows: string[][], data: Uint8Array, by: LocalObject | null): void;";
    assert!(types.contains("sSay_2(text: string, type: bigint): void;"), "{types}");
    assert!(types.contains(said), "{types}");
    let traits = bindings.rust();
    let parsed = syn::parse_file(&traits).unwrap();
    let names = parsed.items.iter().filter_map(|item| match item {
        syn::Item::Trait(item) => Some(item.ident.to_string()),
        _ => None,
    });
    assert_eq!(names.collect::<Vec<_>>(), ["RoomServer", "RoomClient"]);
    for part in [
        "    #[wire(name = \"sSay\")]\n    fn s_say_2(&mut self, cx: &mut Context<Self>, text: \
         String, type_: i64);",
        "    #[since(3)]\n    #[wire(name = \"setURL\")]\n    fn set_url(",
        "rows: Vec<Vec<String>>, data: Vec<u8>, by: psom::ObjectRef",
    ] {
        assert!(traits.contains(part), "{part} in {traits}");
    }
}

#[test]
fn generator_refuses_missing_hashes_and_changed_methods() {
    let refused = |from, to| {
        let text = ROOM.replacen(from, to, 1);
        Bindings::from_document(&Document::parse(&text).unwrap()).unwrap_err().to_string()
    };
    assert!(refused("[Hash=-12]", "").contains("no hash"));
    let changed = refused("void sSay(String text);", "void sSay(Int32 text);");
    assert!(changed.contains("version 3 of Room changes method sSay"), "{changed}");
}
