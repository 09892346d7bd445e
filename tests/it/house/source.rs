//! The modules of one crate with their imports, extracted from the syntax alone.

use std::collections::{BTreeMap, BTreeSet};

use syn::{
    Attribute, Ident, Item, ItemExternCrate, ItemMod, ItemUse, Macro, Path, UseTree, Visibility,
    ext::IdentExt as _,
    visit::{self, Visit},
};

/// The text of a crate's source files by path, relative to `src`.
pub(super) type Files = BTreeMap<String, String>;

/// The modules of one crate, with the names in each of them. Code with `#[cfg(test)]` is omitted,
/// because tests may import everything.
#[derive(Debug, Default)]
pub(super) struct Crate {
    pub modules: Vec<Module>,
    /// The names by which the crate refers to itself, besides `crate`.
    pub own_names: BTreeSet<String>,
}

/// A module, in a file of its own or inline.
#[derive(Debug, Default)]
pub(super) struct Module {
    pub file: String,
    pub parent: Option<usize>,
    pub children: BTreeMap<String, usize>,
    pub items: BTreeSet<String>,
    pub imports: Vec<Import>,
    /// All paths outside of `use`, as lists of segments.
    pub paths: BTreeSet<Vec<String>>,
    /// The names of all structs, enums, unions, traits and type aliases, including those inside
    /// functions. Two that exclude each other with `#[cfg]` count once.
    pub types: BTreeSet<String>,
}

/// One leaf of a `use` tree.
#[derive(Debug)]
pub(super) struct Import {
    /// The name that the leaf brings into scope. `None` for a glob.
    pub name: Option<String>,
    pub path: Vec<String>,
    /// A re-export in `lib.rs`, in `mod.rs`, or in a file with modules below it.
    pub facade: bool,
}

impl Crate {
    /// Parses the files that are reachable from `lib.rs` or `main.rs`.
    pub(super) fn parse(files: &Files) -> Self {
        let mut parsed = Self::default();
        let root = ["lib.rs", "main.rs"].into_iter().find(|root| files.contains_key(*root));
        parsed.add_file(files, root.expect("a lib.rs or main.rs"), None);
        parsed
    }

    fn add_file(&mut self, files: &Files, file: &str, parent: Option<usize>) -> usize {
        let syntax =
            syn::parse_file(&files[file]).unwrap_or_else(|error| panic!("{file}: {error}"));
        self.add_module(files, file, &folder_below(file), parent, &syntax.items)
    }

    fn add_module(
        &mut self,
        files: &Files,
        file: &str,
        folder: &str,
        parent: Option<usize>,
        items: &[Item],
    ) -> usize {
        let module = self.modules.len();
        self.modules.push(Module { file: file.into(), parent, ..Module::default() });
        let has_children = items.iter().any(|item| matches!(item, Item::Mod(_)));
        let is_facade = has_children || file.ends_with("mod.rs") || file == "lib.rs";
        let mut visitor = Visitor { is_facade, ..Visitor::default() };
        items.iter().for_each(|item| visitor.visit_item(item));
        self.own_names.extend(visitor.own_names);
        let found = &mut self.modules[module];
        found.imports = visitor.imports;
        found.paths = visitor.paths;
        found.types = visitor.types;
        found.items = items.iter().filter_map(item_name).collect();

        for child in visitor.modules {
            let name = child.ident.unraw().to_string();
            let below = format!("{folder}{name}/");
            let index = match &child.content {
                Some((_, items)) => self.add_module(files, file, &below, Some(module), items),
                None => {
                    let candidates = [format!("{folder}{name}.rs"), format!("{below}mod.rs")];
                    let path = candidates.iter().find(|path| files.contains_key(*path));
                    let path = path.unwrap_or_else(|| panic!("{file}: no file for mod {name}"));
                    self.add_file(files, path, Some(module))
                }
            };
            self.modules[module].children.insert(name, index);
        }
        module
    }
}

/// Returns the folder that contains the submodules of a file, with a trailing slash.
fn folder_below(file: &str) -> String {
    let (folder, name) = file.rsplit_once('/').map_or(("", file), |(folder, name)| (folder, name));
    let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    match name {
        "lib.rs" | "main.rs" | "mod.rs" => folder,
        _ => format!("{folder}{}/", name.trim_end_matches(".rs")),
    }
}

fn item_name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    (!is_test(attributes(item))).then(|| name.unraw().to_string())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Reports whether an item is compiled only for tests.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = attribute.meta.require_list().map(|list| list.tokens.to_string());
        let condition = condition.unwrap_or_default().replace(' ', "");
        attribute.path().is_ident("cfg")
            && (condition == "test" || condition.starts_with("all(test,"))
    })
}

/// Collects the items of one module, except those in its submodules.
#[derive(Default)]
struct Visitor {
    is_facade: bool,
    modules: Vec<ItemMod>,
    imports: Vec<Import>,
    paths: BTreeSet<Vec<String>>,
    types: BTreeSet<String>,
    own_names: BTreeSet<String>,
}

impl Visitor {
    fn add_tree(&mut self, tree: &UseTree, prefix: &[String], facade: bool) {
        let joined = |ident: &Ident| [prefix, &[ident.unraw().to_string()]].concat();
        let (name, path) = match tree {
            UseTree::Path(tree) => return self.add_tree(&tree.tree, &joined(&tree.ident), facade),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.add_tree(tree, prefix, facade));
            }
            UseTree::Glob(_) => (None, prefix.to_vec()),
            // `use a::{self}` brings `a` into scope.
            UseTree::Name(name) if name.ident == "self" => {
                (prefix.last().cloned(), prefix.to_vec())
            }
            UseTree::Name(name) => (Some(name.ident.unraw().to_string()), joined(&name.ident)),
            UseTree::Rename(tree) if tree.ident == "self" => {
                (Some(tree.rename.unraw().to_string()), prefix.to_vec())
            }
            UseTree::Rename(tree) => (Some(tree.rename.unraw().to_string()), joined(&tree.ident)),
        };
        self.imports.push(Import { name, path, facade });
    }

    /// Adds the paths in the arguments of a macro or of an attribute.
    fn add_tokens(&mut self, tokens: proc_macro2::TokenStream) {
        use proc_macro2::TokenTree;
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end_path(&mut path);
                    }
                    path.push(ident.unraw().to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    colons += 1
                }
                TokenTree::Group(group) => {
                    self.end_path(&mut path);
                    colons = 0;
                    self.add_tokens(group.stream());
                }
                _ => {
                    self.end_path(&mut path);
                    colons = 0;
                }
            }
        }
        self.end_path(&mut path);
    }

    fn end_path(&mut self, path: &mut Vec<String>) {
        if !path.is_empty() {
            self.paths.insert(std::mem::take(path));
        }
    }
}

impl<'ast> Visit<'ast> for Visitor {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(attributes(item)) {
            return;
        }
        let is_type = matches!(
            item,
            Item::Enum(_) | Item::Struct(_) | Item::Trait(_) | Item::Type(_) | Item::Union(_)
        );
        self.types.extend(item_name(item).filter(|_| is_type));
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        self.modules.push(module.clone());
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let public = !matches!(item.vis, Visibility::Inherited);
        self.add_tree(&item.tree, &[], public && self.is_facade);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        if let Some((_, name)) = item.rename.as_ref().filter(|_| item.ident == "self") {
            self.own_names.insert(name.to_string());
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        self.paths
            .insert(path.segments.iter().map(|part| part.ident.unraw().to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        visit::visit_macro(self, call);
        self.add_tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.add_tokens(list.tokens.clone());
        }
    }

    /// Ignores `pub(in path)`, which imports nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}
