//! Differences between a definition file and the built-in definitions.

use psom_inspect::idl::{Document, compare};

const FILE: &str = r#"[Name="A.Toy", Version=1]
DOInterface Toy {
    [Hash=1]
    ServerInterface {
        void sRoll(Int32 far, String why);
        void sRoll(Int32 far);
        void sStop();
    }
    [Hash=2]
    ClientInterface {
        void cRolled(Int64[] ways);
    }
    Children {
        ("part.X", A.Part)
    }
}

[Name="A.Part", Version=1]
DOInterface Part {
    [Hash=3]
    ServerInterface {
    }
    [Hash=4]
    ClientInterface {
    }
}
"#;

/// Compares the file above with a changed copy of it.
fn changed(from: &str, to: &str) -> Vec<String> {
    assert!(FILE.contains(from), "{from}");
    let parse = |text: &str| Document::parse(text).unwrap();
    let differences = compare(&parse(FILE), &parse(&FILE.replacen(from, to, 1)));
    differences.iter().map(|it| format!("{}: {it}", it.line)).collect()
}

#[test]
fn identical_definitions_have_no_differences() {
    assert_eq!(changed("void sStop", "sStop"), [""; 0]);
    assert_eq!(changed("DOInterface Toy", "DOInterface Plaything"), [""; 0]);
    assert_eq!(changed("part.X", "PART.x"), [""; 0]);
    assert_eq!(changed("A.Part)", "Part)"), [""; 0], "the last part of a name is enough");
    let (first, second) = FILE.split_once("\n\n").unwrap();
    let turned = Document::parse(&format!("{second}\n{first}")).unwrap();
    assert_eq!(compare(&Document::parse(FILE).unwrap(), &turned), []);
}

#[test]
fn missing_and_unknown_interfaces_are_reported() {
    assert_eq!(
        changed("\"A.Part\", Version", "\"A.Parts\", Version"),
        ["18: A.Parts is not built in", "0: A.Part is not in the file"]
    );
}

#[test]
fn changed_version_is_reported() {
    assert_eq!(
        changed("\"A.Part\", Version=1", "\"A.Part\", Version=2"),
        [
            "18: A.Part version 2 is not built in, only version 1",
            "0: A.Part version 1 is not in the file, only version 2",
        ]
    );
}

#[test]
fn duplicate_definition_is_reported() {
    let again =
        "[Name=\"A.Part\", Version=1] DOInterface P { ServerInterface {} ClientInterface {} }";
    assert_eq!(
        changed("    ClientInterface {\n    }\n}", &format!("ClientInterface {{ }} }}\n{again}")),
        ["25: A.Part version 1 is defined twice"]
    );
}

#[test]
fn changed_hash_of_either_half_is_reported() {
    assert_eq!(
        changed("Hash=1]", "Hash=-1]"),
        ["3: Toy version 1, server: the hash is -1 in the file, 1 built in"]
    );
    assert_eq!(
        changed("[Hash=2]", ""),
        ["10: Toy version 1, client: the hash is missing in the file, 2 built in"]
    );
}

#[test]
fn missing_unknown_and_moved_methods_are_reported() {
    assert_eq!(
        changed("        void sStop();\n", ""),
        ["3: Toy version 1, server: method 3, sStop, is not in the file"]
    );
    assert_eq!(
        changed("void sStop();", "void sStop(); void sJump();"),
        ["7: Toy version 1, server: method 4 of the file, sJump, is not built in"]
    );
    assert_eq!(
        changed(
            "void sRoll(Int32 far, String why);\n        void sRoll(Int32 far);",
            "void sRoll(Int32 far);\n void sRoll(Int32 far, String why);"
        ),
        [
            "5: Toy version 1, server: sRoll is method 1 in the file, 2 built in",
            "6: Toy version 1, server: sRoll is method 2 in the file, 1 built in",
        ],
        "overloads are distinguished by their types"
    );
}

#[test]
fn changed_parameter_count_is_reported() {
    assert_eq!(
        changed("void sStop()", "void sStop(Int32 how)"),
        ["7: Toy version 1, server: sStop has 1 parameters in the file, 0 built in"]
    );
}

#[test]
fn changed_parameter_type_is_reported() {
    assert_eq!(
        changed("Int64[] ways", "Int64[][] ways"),
        ["11: Toy version 1, client: parameter 1 of cRolled, ways, is Int64[][] in the file, \
             Int64[] built in",]
    );
    assert_eq!(
        changed("String why", "Int32 why"),
        ["5: Toy version 1, server: parameter 2 of sRoll, why, is Int32 in the file, String \
             built in",]
    );
    assert_eq!(changed("Int32 far, ", "Int32 /* Distance */ far, "), [""; 0]);
}

#[test]
fn renamed_parameter_is_a_note() {
    assert_eq!(
        changed("ways", "paths"),
        ["11: note: Toy version 1, client: parameter 1 of cRolled is called paths in the file, \
             ways built in",]
    );
    let parse = |text: &str| Document::parse(text).unwrap();
    let notes = compare(&parse(FILE), &parse(&FILE.replace("ways", "paths")));
    assert!(notes.iter().all(|note| !note.on_the_wire));
}

#[test]
fn changed_children_are_reported() {
    assert_eq!(
        changed("part.X", "piece.X"),
        [
            "14: Toy version 1, children: piece.X is not built in",
            "1: Toy version 1, children: part.X is not in the file",
        ]
    );
    assert_eq!(
        changed("A.Part)", "A.Toy)"),
        ["14: Toy version 1, children: part.X is A.Toy in the file, A.Part built in"]
    );
}
