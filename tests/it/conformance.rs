//! Checks that every test named in the conformance pages exists, and that docs/conformance.md
//! contains every normative statement of MS-PSOM.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A row of one of the page's tables.
struct Row {
    id: String,
    statement: String,
    test: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The page of MS-PSOM.
const PSOM: &str = "docs/conformance.md";

/// Every page.
const PAGES: [&str; 3] = [PSOM, "docs/conformance-comqc.md", "docs/conformance-fsshttpb.md"];

fn all_rows() -> impl Iterator<Item = Row> {
    PAGES.into_iter().flat_map(rows)
}

fn rows(page: &str) -> Vec<Row> {
    let page = read(page);
    let lines = page.lines().filter(|line| line.starts_with('|'));
    let cells = lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect());
    let rows = cells.map(|cells: Vec<_>| {
        let [id, statement, test] = cells[..] else { panic!("three cells a row: {cells:?}") };
        Row { id: id.into(), statement: statement.into(), test: test.into() }
    });
    rows.filter(|row| row.id != "Id" && !row.id.starts_with("---")).collect()
}

/// Returns the names between backticks.
fn names(test: &str) -> impl Iterator<Item = &str> {
    test.split('`').skip(1).step_by(2)
}

/// Returns the file of a module that its parent declares.
fn file_of(modules: &[&str]) -> Option<PathBuf> {
    let Some((last, parents)) = modules.split_last() else {
        return Some("tests/it/main.rs".into());
    };
    let declared = read(file_of(parents)?).lines().any(|line| line == format!("mod {last};"));
    let folder = Path::new("tests/it").join(modules.join("/"));
    let candidates = [folder.with_extension("rs"), folder.join("mod.rs")];
    candidates.into_iter().find(|path| declared && root().join(path).exists())
}

/// Reports whether a file has a test function of this name.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let is_it = |line: &str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ").is_some_and(|rest| rest.starts_with(&format!("{name}(")))
    };
    // An ignored test does not count.
    let is_run = |place: usize| {
        let above = lines[..place].iter().rev().take_while(|line| line.starts_with("#["));
        let attributes: Vec<_> = above.collect();
        let is = |line: &&&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        attributes.iter().any(is) && !attributes.iter().any(|line| line.starts_with("#[ignore"))
    };
    lines.iter().enumerate().any(|(place, line)| is_it(line) && is_run(place))
}

fn exists(test: &str) -> bool {
    // A test of another crate is named by its file.
    if let Some((file, name)) = test.rsplit_once("::")
        && file.ends_with(".rs")
    {
        return root().join(file).exists() && has_test(&read(file), name);
    }
    let path: Vec<_> = test.split("::").collect();
    let Some((name, modules)) = path.split_last() else { return false };
    file_of(modules).is_some_and(|file| has_test(&read(file), name))
}

#[test]
fn every_named_test_exists() {
    let rows: Vec<_> = all_rows().collect();
    let missing = rows.iter().flat_map(|row| names(&row.test)).filter(|test| !exists(test));
    assert_eq!(missing.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn row_has_a_statement_and_a_test_or_a_reason() {
    for row in all_rows() {
        assert!(row.statement.ends_with('.'), "{}: {}", row.id, row.statement);
        let reason = row.test.strip_prefix("No test: ").is_some_and(|reason| reason.len() > 20);
        assert_ne!(names(&row.test).count() > 0, reason, "{}: {}", row.id, row.test);
    }
}

#[test]
fn every_statement_is_listed_once() {
    let requirements = read("tests/data/requirements.txt");
    let requirements = requirements.lines().filter_map(|line| line.split_once(' '));
    let expected: Vec<_> = requirements.map(|(id, _)| id.to_owned()).collect();
    assert_eq!(expected.len(), 291);
    let listed = rows(PSOM).into_iter().map(|row| row.id).filter(|id| id.starts_with('R'));
    let mut listed: Vec<_> = listed.collect();
    listed.sort();
    assert_eq!(listed, expected);
}

#[test]
fn name_without_a_test_is_detected() {
    assert!(exists("conformance::every_named_test_exists"));
    let file = "tests/it/conformance.rs";
    assert!(exists(&format!("{file}::name_without_a_test_is_detected")));
    for name in ["conformance::exists", "conformance::nowhere", "nowhere::at_all", "session", ""] {
        assert!(!exists(name), "{name}");
    }
    for name in ["exists", "nowhere", ""] {
        assert!(!exists(&format!("{file}::{name}")), "{name}");
    }
    assert!(!exists("tests/it/nowhere.rs::name_without_a_test_is_detected"));
    let source = "#[test]\n#[ignore = \"slow\"]\nfn a() {}\n#[tokio::test]\nasync fn b() {}\n#[cfg(test)]\nfn c() {}";
    assert_eq!(["a", "b", "c"].map(|name| has_test(source, name)), [false, true, false]);
}
