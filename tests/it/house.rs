//! The layout that ARCHITECTURE.md promises: imports go downwards, files stay small, and the
//! protocol knows no socket.

use std::{
    fs,
    path::{Path, PathBuf},
};

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

/// The floors of `psom`, from the ground up. Each may import from itself and from those below.
const FLOORS: [&str; 8] =
    ["error", "wire", "interface", "session", "inspect", "space", "testing", "net"];

/// Which floor a file of `psom/src` stands on.
fn floor(file: &Path) -> Option<usize> {
    let relative = file.strip_prefix(root().join("psom/src")).unwrap();
    let folder = relative.components().next()?.as_os_str().to_str()?;
    FLOORS.iter().position(|floor| *floor == folder)
}

#[test]
fn imports_go_downwards() {
    for file in rust_files(&root().join("psom/src")) {
        let Some(own) = floor(&file) else { continue };
        let text = fs::read_to_string(&file).unwrap();
        // Trees of one `use crate::{...}` span lines; what stands in front of `::` or `,` in them
        // at the first level is a floor.
        for import in text.split("use crate::").skip(1) {
            let import = import.split(';').next().unwrap();
            for name in &FLOORS[own + 1..] {
                let begins = import.starts_with(&format!("{name}::"));
                let listed = import.lines().any(|line| {
                    let line = line.trim_start().trim_start_matches('{');
                    line.starts_with(&format!("{name}::"))
                });
                assert!(!begins && !listed, "{} imports from {name}", file.display());
            }
        }
    }
}

#[test]
fn the_protocol_names_no_socket_no_task_and_no_clock() {
    let pure = ["error", "wire", "interface", "session", "inspect", "space"];
    for file in rust_files(&root().join("psom/src")) {
        if !floor(&file).is_some_and(|floor| pure.contains(&FLOORS[floor])) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for word in ["tokio::", "std::net", "Instant::now", "SystemTime::now", "thread::spawn"] {
            assert!(!text.contains(word), "{} says {word}", file.display());
        }
    }
}

#[test]
fn the_conference_opens_no_socket() {
    for file in rust_files(&root().join("psom-objects/src")) {
        let text = fs::read_to_string(&file).unwrap();
        for word in ["tokio", "std::net", "psom::net", "__private"] {
            assert!(!text.contains(word), "{} says {word}", file.display());
        }
    }
}

#[test]
fn no_file_is_above_600_lines() {
    for folder in
        ["psom", "psom-derive", "psom-objects", "psom-server", "psom-cli", "examples", "tests"]
    {
        let folder = root().join(folder);
        if !folder.exists() {
            continue;
        }
        for file in rust_files(&folder) {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert!(lines <= 600, "{} has {lines} lines", file.display());
        }
    }
}

#[test]
fn the_manual_shows_what_the_examples_run() {
    let page = fs::read_to_string(root().join("psom-server/src/manual/custom_content.md")).unwrap();
    let examples = ["examples/custom_content.rs", "examples/lasting_content.rs"]
        .map(|example| fs::read_to_string(root().join(example)).unwrap());
    let pieces: Vec<_> = page.split("```rust,ignore\n").skip(1).collect();
    assert!(pieces.len() > 5);
    for piece in pieces {
        let piece = piece.split("```").next().unwrap();
        let shown = examples.iter().any(|example| example.contains(piece));
        assert!(shown, "the examples have no such code:\n{piece}");
    }
    let short = examples.iter().all(|example| example.lines().count() < 150);
    assert!(short, "a content type of one's own stays short");
}
