//! Which file imports from which: paths resolved to the file that defines their last item.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Crate;

/// For every file, the files from which it imports.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

/// What a path names.
#[derive(Clone, Copy)]
enum Target {
    Module(usize),
    /// An item that this module defines.
    Item(usize),
}

/// Resolves every `use` and every qualified path of a crate. Facades import nothing; a path
/// through a facade leads to the file behind it.
pub fn imports(parsed: &Crate) -> Imports {
    let mut imports = Imports::new();
    for (index, module) in parsed.modules.iter().enumerate() {
        let used = module.imports.iter().filter(|import| !import.facade && import.name.is_some());
        let used = used.map(|import| &import.path).chain(&module.paths);
        let found = imports.entry(module.file.clone()).or_default();
        for path in used {
            let target = parsed.resolve(index, path, &mut BTreeSet::new());
            if let Some(Target::Item(owner)) = target {
                found.insert(parsed.modules[owner].file.clone());
            }
        }
        found.remove(&module.file);
    }
    imports
}

/// The pairs of module and name whose resolution has begun; they end a circle of re-exports.
type Begun = BTreeSet<(usize, String)>;

impl Crate {
    fn resolve(&self, from: usize, path: &[String], begun: &mut Begun) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let mut target = match first.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(from),
            "super" => Target::Module(self.modules[from].parent?),
            _ => match self.find(from, first, !rest.is_empty(), begun) {
                None if self.own_names.contains(first) => Target::Module(0),
                found => found?,
            },
        };
        for (place, name) in rest.iter().enumerate() {
            let Target::Module(module) = target else { break };
            if name == "super" {
                target = Target::Module(self.modules[module].parent?);
                continue;
            }
            let inner = place + 1 < rest.len();
            // A name that is nowhere in the module is made by a macro in it.
            target = self
                .find(module, name, inner, begun)
                .or_else(|| self.find_generated(module, name))
                .unwrap_or(Target::Item(module));
        }
        Some(target)
    }

    /// Finds a name in the scope of a module.
    fn find(&self, module: usize, name: &str, inner: bool, begun: &mut Begun) -> Option<Target> {
        if !begun.insert((module, name.to_owned())) {
            return None;
        }
        let found = &self.modules[module];
        let child = found.children.get(name).map(|child| Target::Module(*child));
        let item = found.items.contains(name).then_some(Target::Item(module));
        let own = if inner { child.or(item) } else { item.or(child) };
        own.or_else(|| {
            let mut named =
                found.imports.iter().filter(|found| found.name.as_deref() == Some(name));
            named.find_map(|import| self.resolve(module, &import.path, begun))
        })
        .or_else(|| {
            let mut globs = found.imports.iter().filter(|import| import.name.is_none());
            globs.find_map(|glob| match self.resolve(module, &glob.path, begun)? {
                Target::Module(target) => self.find(target, name, inner, begun),
                Target::Item(_) => None,
            })
        })
    }

    /// Finds the module that defines `Echo`, for the name `EchoProxy` that a macro makes of it.
    fn find_generated(&self, module: usize, name: &str) -> Option<Target> {
        let found = &self.modules[module];
        if found.items.iter().any(|item| name.starts_with(item.as_str())) {
            return Some(Target::Item(module));
        }
        let mut globs = found.imports.iter().filter(|import| import.name.is_none());
        globs.find_map(|glob| match self.resolve(module, &glob.path, &mut Begun::new())? {
            Target::Module(target) if target != module => self.find_generated(target, name),
            _ => None,
        })
    }
}

/// The groups of files that import each other, directly or through others of the group.
pub fn cycles(imports: &Imports) -> Vec<BTreeSet<&str>> {
    let reached: BTreeMap<_, _> =
        imports.keys().map(|file| (file.as_str(), reach(imports, file))).collect();
    let mut cycles = BTreeSet::new();
    for (file, others) in &reached {
        let back = others.iter().copied().filter(|other| reached[other].contains(file));
        let cycle: BTreeSet<_> = back.collect();
        if !cycle.is_empty() {
            cycles.insert(cycle);
        }
    }
    cycles.into_iter().collect()
}

/// Every file that a file imports, directly or through others.
fn reach<'a>(imports: &'a Imports, file: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<_> = imports[file].iter().map(String::as_str).collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(imports[next].iter().map(String::as_str));
        }
    }
    reached
}
