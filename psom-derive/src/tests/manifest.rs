//! The name of the runtime in a manifest.

use crate::parse::manifest::renamed;

#[track_caller]
fn finds(manifest: &str, name: Option<&str>) {
    assert_eq!(renamed(manifest, WORKSPACE).as_deref(), name, "{manifest}");
}

const WORKSPACE: &str = "
    [workspace.dependencies]
    shared = { version = \"1\", package = \"psom\" }
    serde = \"1\"
";

#[test]
fn renamed_runtime_is_found() {
    finds("[dependencies]\nmessaging = { package = \"psom\", version = \"1\" }", Some("messaging"));
    finds(
        "[dev-dependencies]\n\"my-psom\" = { path = \"..\", package = \"psom\" }",
        Some("my_psom"),
    );
    finds("[dependencies.messaging]\nversion = \"1\"\npackage = \"psom\"", Some("messaging"));
    finds("[target.'cfg(unix)'.dependencies]\nm.package = \"psom\"", Some("m"));
    finds("[dependencies]\nshared.workspace = true", Some("shared"));
    finds("[dependencies]\nshared = { workspace = true }", Some("shared"));
}

#[test]
fn runtime_under_its_own_name_needs_no_argument() {
    finds("[dependencies]\npsom = \"1\"\nother = { package = \"psom\" }", None);
    finds("[dependencies.psom]\npath = \"..\"", None);
    finds("[dependencies]\nserde = { workspace = true }", None);
    finds("[package]\nname = \"psom\"", None);
    finds("not a manifest", None);
}
