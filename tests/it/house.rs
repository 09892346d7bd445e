//! Checks the layout that ARCHITECTURE.md describes: imports lead only to lower layers and form no
//! cycle, files are short, each type of a crate has its own name, and the protocol uses no sockets
//! and no clocks.
//!
//! `cargo test -p psom-tests house:: -- --nocapture` prints every cycle.

mod imports;
mod selftest;
mod source;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use imports::{Imports, cycles};
use source::{Crate, Files};

/// The maximum number of lines of a file. A longer file usually contains more than one idea.
const MAX_LINES_PER_FILE: usize = 600;

/// The layers of a crate from the lowest to the highest. A layer lists files and folders of `src`,
/// without the ending `.rs`. The longest entry that matches a file determines its layer. The crate's
/// root is above all layers.
type Layers = &'static [&'static [&'static str]];

/// All crates with their layers. The list is empty for a crate with at most one folder.
const CRATES: [(&str, Layers); 11] = [
    ("psom-derive", &[&["diagnostics", "model"], &["parse", "check", "expand"], &["tests"]]),
    (
        "psom",
        &[
            &["trace", "error"],
            &["wire"],
            &["interface"],
            &["metrics"],
            &["session"],
            &["space"],
            &["durable"],
            &["hub", "offline"],
            &["testing"],
            &["journal", "websocket"],
            &["net"],
            &["client", "server"],
            &["__private"],
        ],
    ),
    ("psom-inspect", &[&["idl", "capture"]]),
    ("psom-client", &[]),
    (
        "psom-objects",
        &[
            &["hex", "texts"],
            &["types"],
            &["interfaces", "package", "annotation", "qna"],
            &["store"],
            &["server", "client"],
            &["testing"],
        ],
    ),
    (
        "fsshttpb",
        &[
            &["error"],
            &["atom"],
            &["object"],
            &["message"],
            &["store"],
            &["file"],
            &["package"],
            &["print"],
        ],
    ),
    (
        "comqc",
        &[
            &["guid", "error"],
            &["ndr"],
            &["security", "oaut"],
            &["message"],
            &["recorder", "carrier"],
            &["queued_call", "idl"],
            &["queue"],
        ],
    ),
    (
        "psom-server",
        &[
            &["shared"],
            &["files"],
            &["store"],
            &["meetings"],
            &["admission"],
            &["start_error", "server_file"],
            &["data_directory", "slides", "tls"],
            &["cluster", "maintenance", "proxy", "manual"],
            &["options"],
            &["limits"],
            &["app"],
            &["http"],
            &["server", "testing"],
        ],
    ),
    (
        "psom-cellstorage",
        &[
            &["error", "time"],
            &["mime", "xml"],
            &["soap"],
            &["document"],
            &["documents"],
            &["client", "server"],
            &["meeting"],
        ],
    ),
    ("psom-render", &[&["frame", "jpeg", "limits"], &["picture"], &["board", "pdf"]]),
    (
        "psom-cli",
        &[
            &["clock"],
            &["error"],
            &["xml", "memory", "signals", "terminal"],
            &["files"],
            &["renderer"],
            &["http", "drawing"],
            &["cell", "render", "meeting"],
            &["slides"],
            &["commands"],
            &["cli"],
        ],
    ),
];

/// Imports that the checks ignore, at most five: crate, importing file, imported file.
const EXCEPTIONS: [(&str, &str, &str); 0] = [];

/// The number of files in cycles, for each crate that still has some. It may only shrink.
const KNOWN_CYCLES: [(&str, usize); 0] = [];

/// Type names that several files of a crate may define, at most five: crate, name, reason.
const SHARED_NAMES: [(&str, &str, &str); 1] =
    [("psom-cli", "Documents", "an empty type replaces it in a build without cell storage")];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Returns the source files of a crate; `None` for a crate that does not exist yet.
fn source_files(name: &str) -> Option<Files> {
    let source = root().join(name).join("src");
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).unwrap();
        (file.strip_prefix(&source).unwrap().to_str().unwrap().to_owned(), text)
    };
    source.exists().then(|| rust_files(&source).into_iter().map(read).collect())
}

/// Returns the imports of a crate without the exceptions.
fn imports_of(name: &str) -> Option<Imports> {
    let mut imports = imports::imports(&Crate::parse(&source_files(name)?));
    for (_, file, imported) in EXCEPTIONS.iter().filter(|(of, ..)| *of == name) {
        let found = imports.get_mut(*file).is_some_and(|imports| imports.remove(*imported));
        assert!(found, "{name}: the exception for {file} is no longer needed");
    }
    Some(imports)
}

/// Finds the layer of a file.
fn layer_of(layers: Layers, file: &str) -> Option<usize> {
    let path = file.strip_suffix(".rs").unwrap();
    let fits = |entry: &str| {
        path.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let entries = layers.iter().enumerate();
    let entries =
        entries.flat_map(|(layer, entries)| entries.iter().map(move |entry| (layer, entry)));
    let found = entries.filter(|(_, entry)| fits(entry)).max_by_key(|(_, entry)| entry.len());
    found.map(|(layer, _)| layer)
}

/// Lists every import from a higher layer and every file without a layer.
fn layer_violations(layers: Layers, imports: &Imports) -> Vec<String> {
    let mut violations = Vec::new();
    for (file, imported) in imports {
        if ["lib.rs", "main.rs"].contains(&file.as_str()) {
            continue;
        }
        let Some(own) = layer_of(layers, file) else {
            violations.push(format!("{file} has no layer"));
            continue;
        };
        let higher =
            imported.iter().filter(|other| layer_of(layers, other).is_none_or(|other| other > own));
        violations.extend(higher.map(|other| format!("{file} imports from {other}")));
    }
    violations
}

/// Returns the names of types that several modules of a crate define, with the files.
fn shared_names(parsed: &Crate) -> BTreeMap<&str, Vec<&str>> {
    let mut files = BTreeMap::<&str, Vec<&str>>::new();
    for module in &parsed.modules {
        for name in &module.types {
            files.entry(name).or_default().push(&module.file);
        }
    }
    files.retain(|_, files| files.len() > 1);
    files
}

/// Reports whether a file is longer than allowed.
fn is_too_long(text: &str) -> bool {
    text.lines().count() > MAX_LINES_PER_FILE
}

#[test]
fn files_of_a_crate_form_no_import_cycle() {
    let mut failed = Vec::new();
    for (name, _) in CRATES {
        let Some(imports) = imports_of(name) else { continue };
        let cycles = cycles(&imports);
        let files = cycles.iter().map(|cycle| cycle.len()).sum::<usize>();
        println!("{name}: {} cycles of {files} files", cycles.len());
        for cycle in &cycles {
            for file in cycle {
                let imported = imports[*file].iter().map(String::as_str);
                let imported: Vec<_> = imported.filter(|other| cycle.contains(other)).collect();
                println!("    {file} imports from {}", imported.join(", "));
            }
            println!();
        }
        let known = KNOWN_CYCLES.iter().find(|(known, _)| *known == name);
        if files > known.map_or(0, |(_, files)| *files) {
            failed.push(name);
        }
    }
    assert_eq!(failed, [""; 0], "the cycles are printed above");
}

#[test]
fn imports_lead_to_lower_layers() {
    let mut violations = Vec::new();
    for (name, layers) in CRATES.iter().filter(|(_, layers)| !layers.is_empty()) {
        let Some(imports) = imports_of(name) else { continue };
        let found = layer_violations(layers, &imports);
        violations.extend(found.into_iter().map(|violation| format!("{name}/src: {violation}")));
    }
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn exceptions_are_few() {
    assert!(EXCEPTIONS.len() <= 5 && SHARED_NAMES.len() <= 5);
}

#[test]
fn types_of_a_crate_have_different_names() {
    let mut violations = Vec::new();
    // `fsshttpb` is left out: its module `object::types` names the binary form of an object like the
    // object itself, and is always written before the name.
    for (name, _) in CRATES.iter().filter(|(name, _)| *name != "fsshttpb") {
        let Some(files) = source_files(name) else { continue };
        let parsed = Crate::parse(&files);
        let mut shared = shared_names(&parsed);
        for (_, exception, _) in SHARED_NAMES.iter().filter(|(of, ..)| of == name) {
            let found = shared.remove(exception);
            assert!(found.is_some(), "{name}: the exception for {exception} is no longer needed");
        }
        let shared = shared.into_iter();
        violations.extend(shared.map(|(of, files)| format!("{name}: {of} in {files:?}")));
    }
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn files_have_at_most_600_lines() {
    let folders = CRATES.iter().map(|(name, _)| *name);
    let folders = folders.chain(["examples", "tests", "benches", "fuzz"]);
    let folders = folders.map(|folder| root().join(folder));
    let files = folders.filter(|folder| folder.exists()).flat_map(|folder| rust_files(&folder));
    let long: Vec<_> =
        files.filter(|file| is_too_long(&fs::read_to_string(file).unwrap())).collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn protocol_uses_no_socket_task_or_clock() {
    let pure = ["error", "wire", "interface", "session", "space", "hub"];
    for (file, text) in source_files("psom").unwrap() {
        if !pure.contains(&file.split('/').next().unwrap()) {
            continue;
        }
        for word in ["tokio::", "std::net", "Instant::now", "SystemTime::now", "thread::spawn"] {
            assert!(!text.contains(word), "{file} contains {word}");
        }
    }
}

#[test]
fn conference_objects_open_no_socket() {
    for (file, text) in source_files("psom-objects").unwrap() {
        for word in ["tokio", "std::net", "psom::net", "__private"] {
            assert!(!text.contains(word), "{file} contains {word}");
        }
    }
}

#[test]
fn manual_shows_code_of_the_examples() {
    let pages = [
        ("custom_content", &["examples/custom_content.rs", "examples/lasting_content.rs"][..]),
        ("office_documents", &["examples/office_document.rs"]),
    ];
    for (page, examples) in pages {
        let page = root().join("psom-server/src/manual").join(page).with_extension("md");
        let page = fs::read_to_string(page).unwrap();
        let examples = examples.iter().map(|file| fs::read_to_string(root().join(file)).unwrap());
        let examples: Vec<_> = examples.collect();
        let pieces: Vec<_> = page.split("```rust,ignore\n").skip(1).collect();
        assert!(pieces.len() >= 4);
        for piece in pieces {
            let piece = piece.split("```").next().unwrap();
            let shown = examples.iter().any(|example| example.contains(piece));
            assert!(shown, "not in the examples:\n{piece}");
        }
        let short = examples.iter().all(|example| example.lines().count() < 150);
        assert!(short, "an example has 150 lines or more");
    }
}
