//! Replays the first inputs of every fuzz target and the inputs that fuzzing has found.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;

use psom_oracles::{ORACLES, corpus, harness};

#[test]
fn first_inputs_and_found_inputs_break_no_property() {
    for oracle in ORACLES {
        let folder = corpus::found().join(oracle.name);
        let found = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let found = found.filter_map(|entry| fs::read(entry.path()).ok());
        for input in corpus::seeds(oracle.name).into_iter().chain(found) {
            assert_eq!(harness::fault(oracle, &input), None, "{}: {input:02x?}", oracle.name);
        }
    }
}

#[test]
fn a_few_changed_inputs_break_no_property() {
    for oracle in ORACLES {
        for input in harness::changed_inputs(oracle, 40, 13) {
            assert_eq!(harness::fault(oracle, &input), None, "{}: {input:02x?}", oracle.name);
        }
    }
}

#[test]
fn every_oracle_has_a_target_for_cargo_fuzz() {
    let targets = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz_targets");
    let manifest =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")).unwrap();
    for oracle in ORACLES {
        let path = format!("{targets}/{}.rs", oracle.name);
        assert!(fs::exists(&path).unwrap(), "{path} is missing");
        assert!(manifest.contains(&format!("name = \"{}\"", oracle.name)), "{}", oracle.name);
    }
}
