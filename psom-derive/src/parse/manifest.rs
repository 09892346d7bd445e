//! Detects in `Cargo.toml` that the runtime has another name in the user's crate.

use std::{fs, path::Path};

use proc_macro2::Span;
use syn::{Ident, parse_quote};

use crate::diagnostics::Errors;

/// The name of the runtime's package.
const PACKAGE: &str = "psom";

/// Returns the default path of the runtime. If the user's crate has renamed the runtime, reports the
/// missing argument: generated code would otherwise cause an error for each name that it uses.
pub(crate) fn default_crate(message: fn(&str) -> String, errors: &mut Errors) -> syn::Path {
    if let Some(name) = new_name() {
        errors.at_span(Span::call_site(), message(&name));
    }
    parse_quote!(::psom)
}

/// Returns the name that the crate being compiled has given to the runtime, if it is another one.
fn new_name() -> Option<String> {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR")?;
    let manifest = fs::read_to_string(Path::new(&folder).join("Cargo.toml")).ok()?;
    let ancestors = Path::new(&folder).ancestors().skip(1);
    let workspace = ancestors.map(|folder| fs::read_to_string(folder.join("Cargo.toml")));
    let workspace = workspace.flatten().find(|text| text.contains("[workspace"));
    renamed(&manifest, workspace.as_deref().unwrap_or_default())
}

/// Returns the new name of the runtime in a manifest. Reads only the forms of TOML that dependencies
/// have. `workspace` is the manifest of the workspace.
pub(crate) fn renamed(manifest: &str, workspace: &str) -> Option<String> {
    let inherited: Vec<Dependency> = dependencies(workspace).collect();
    let is_runtime = |dependency: &Dependency| match &dependency.package {
        Some(package) => package == PACKAGE,
        None if dependency.is_inherited => inherited.iter().any(|other| {
            other.name == dependency.name && other.package.as_deref() == Some(PACKAGE)
        }),
        None => false,
    };
    let own: Vec<Dependency> = dependencies(manifest).collect();
    if own.iter().any(|dependency| dependency.name == PACKAGE) {
        return None;
    }
    let renamed = own.into_iter().find(is_runtime)?;
    let name = renamed.name.replace('-', "_");
    syn::parse_str::<Ident>(&name).is_ok().then_some(name)
}

struct Dependency {
    name: String,
    package: Option<String>,
    is_inherited: bool,
}

/// Returns an entry for each line that describes a dependency.
fn dependencies(manifest: &str) -> impl Iterator<Item = Dependency> {
    let mut section = String::new();
    manifest.lines().filter_map(move |line| {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']').to_owned();
            // `[dependencies.name]` is a dependency before its lines are read.
            let name = section_dependency(&section)?;
            return Some(Dependency { name, package: None, is_inherited: false });
        }
        let (key, value) = line.split_once('=')?;
        let (key, value) = (key.trim().trim_matches('"'), value.trim());
        let (name, properties) = match section_dependency(&section) {
            Some(name) => (name, format!("{key} = {value}")),
            None if section.ends_with("dependencies") => match key.split_once('.') {
                Some((name, property)) => (name.to_owned(), format!("{property} = {value}")),
                None => (key.to_owned(), value.to_owned()),
            },
            None => return None,
        };
        let package =
            property(&properties, "package").map(|text| text.trim_matches('"').to_owned());
        let is_inherited = property(&properties, "workspace") == Some("true");
        Some(Dependency { name, package, is_inherited })
    })
}

/// Returns `name` for a section `dependencies.name`.
fn section_dependency(section: &str) -> Option<String> {
    let (_, name) = section.rsplit_once("dependencies.")?;
    Some(name.trim_matches('"').to_owned())
}

/// Returns the value of a property in `a = 1, b = "2"`, with or without braces.
fn property<'a>(properties: &'a str, name: &str) -> Option<&'a str> {
    let properties = properties.trim_start_matches('{').trim_end_matches('}').split(',');
    let mut pairs = properties.filter_map(|property| property.split_once('='));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}
