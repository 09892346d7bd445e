use std::fmt;

use super::{Block, Child, Document, Half, Line, Method};

/// One difference between the built-in definitions and those of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The line of the file, counted from 1, or 0 if a definition is missing in the file.
    pub line: usize,
    /// True if the difference changes the bytes on the wire. False for names of parameters.
    pub on_the_wire: bool,
    /// The difference, as one sentence.
    pub text: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.on_the_wire {
            f.write_str("note: ")?;
        }
        f.write_str(&self.text)
    }
}

/// Returns all differences between the built-in definitions and those of a file. The titles after
/// `DOInterface` and the order of the definitions have no meaning and are not compared.
pub fn compare(built_in: &Document, file: &Document) -> Vec<Difference> {
    let mut differences = Differences::default();
    for (position, theirs) in file.blocks.iter().enumerate() {
        let same = |block: &&Block| block.name == theirs.name && block.version == theirs.version;
        if file.blocks[..position].iter().any(|block| same(&block)) {
            let (name, version) = (&theirs.name, theirs.version);
            differences.add(theirs.line, format!("{name} version {version} is defined twice"));
        } else if let Some(ours) = built_in.blocks.iter().find(same) {
            differences.blocks(ours, theirs);
        } else {
            differences.missing(theirs.line, theirs, built_in, "not built in");
        }
    }
    for ours in &built_in.blocks {
        let same = |block: &Block| block.name == ours.name && block.version == ours.version;
        if !file.blocks.iter().any(same) {
            differences.missing(Line(0), ours, file, "not in the file");
        }
    }
    differences.list
}

#[derive(Default)]
struct Differences {
    list: Vec<Difference>,
}

impl Differences {
    fn add(&mut self, Line(line): Line, text: String) {
        self.list.push(Difference { line, on_the_wire: true, text });
    }

    fn note(&mut self, Line(line): Line, text: String) {
        self.list.push(Difference { line, on_the_wire: false, text });
    }

    /// Reports a definition that the other document does not contain in this version.
    fn missing(&mut self, line: Line, block: &Block, other: &Document, problem: &str) {
        let (name, version) = (&block.name, block.version);
        let others = other.blocks.iter().filter(|other| other.name == *name);
        let others: Vec<_> = others.map(|other| other.version.to_string()).collect();
        self.add(
            line,
            match others.as_slice() {
                [] => format!("{name} is {problem}"),
                others => {
                    let others = others.join(" and ");
                    format!("{name} version {version} is {problem}, only version {others}")
                }
            },
        );
    }

    fn blocks(&mut self, ours: &Block, theirs: &Block) {
        let about = |half: &str| format!("{} version {}, {half}", ours.title, ours.version);
        self.halves(&about("server"), &ours.server, &theirs.server);
        self.halves(&about("client"), &ours.client, &theirs.client);
        self.children(&about("children"), ours, theirs);
    }

    fn halves(&mut self, about: &str, ours: &Half, theirs: &Half) {
        if ours.hash != theirs.hash {
            let shown =
                |hash: Option<i64>| hash.map_or_else(|| "missing".into(), |hash| hash.to_string());
            let (built_in, file) = (shown(ours.hash), shown(theirs.hash));
            self.add(
                theirs.line,
                format!("{about}: the hash is {file} in the file, {built_in} built in"),
            );
        }
        let pairs = pair(&ours.methods, &theirs.methods);
        for (position, theirs) in theirs.methods.iter().enumerate() {
            let name = &theirs.name;
            let index = position + 1;
            let Some(at) = pairs[position] else {
                let text = format!("{about}: method {index} of the file, {name}, is not built in");
                self.add(theirs.line, text);
                continue;
            };
            if at != position {
                let at = at + 1;
                let text = format!("{about}: {name} is method {index} in the file, {at} built in");
                self.add(theirs.line, text);
            }
            self.params(about, &ours.methods[at], theirs);
        }
        for (position, method) in ours.methods.iter().enumerate() {
            if !pairs.contains(&Some(position)) {
                let (index, name) = (position + 1, &method.name);
                let text = format!("{about}: method {index}, {name}, is not in the file");
                self.add(theirs.line, text);
            }
        }
    }

    fn params(&mut self, about: &str, ours: &Method, theirs: &Method) {
        let (built_in, file) = (ours.params.len(), theirs.params.len());
        let method = &theirs.name;
        if built_in != file {
            let text =
                format!("{about}: {method} has {file} parameters in the file, {built_in} built in");
            return self.add(theirs.line, text);
        }
        for (position, (ours, param)) in ours.params.iter().zip(&theirs.params).enumerate() {
            let (index, name) = (position + 1, &param.name);
            if !ours.kind.encodes_like(&param.kind) {
                let (file, built_in) = (&param.kind, &ours.kind);
                let text = format!(
                    "{about}: parameter {index} of {method}, {name}, is {file} in the file, \
                     {built_in} built in"
                );
                self.add(theirs.line, text);
            }
            if ours.name != *name {
                let built_in = &ours.name;
                let text = format!(
                    "{about}: parameter {index} of {method} is called {name} in the file, \
                     {built_in} built in"
                );
                self.note(theirs.line, text);
            }
        }
    }

    /// Compares the children. Part names ignore ASCII case (ruling 9).
    fn children(&mut self, about: &str, ours: &Block, theirs: &Block) {
        for child in &theirs.children {
            let part = &child.part;
            match ours.children.iter().find(|ours| same_part(ours, child)) {
                None => self.add(child.line, format!("{about}: {part} is not built in")),
                Some(ours) if last(&ours.kind) != last(&child.kind) => {
                    let (file, built_in) = (&child.kind, &ours.kind);
                    let text =
                        format!("{about}: {part} is {file} in the file, {built_in} built in");
                    self.add(child.line, text);
                }
                Some(_) => {}
            }
        }
        for child in &ours.children {
            if !theirs.children.iter().any(|theirs| same_part(theirs, child)) {
                let text = format!("{about}: {} is not in the file", child.part);
                self.add(theirs.line, text);
            }
        }
    }
}

fn same_part(one: &Child, other: &Child) -> bool {
    one.part.eq_ignore_ascii_case(&other.part)
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Finds the built-in method for each method of the file and returns its position.
///
/// The names must be equal. Among overloads, methods with the same parameter types are paired
/// first, and methods at the same position before others.
fn pair(ours: &[Method], theirs: &[Method]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; theirs.len()];
    let mut taken = vec![false; ours.len()];
    let types = |one: &Method, other: &Method| {
        let mut params = one.params.iter().zip(&other.params);
        one.params.len() == other.params.len()
            && params.all(|(one, other)| one.kind.encodes_like(&other.kind))
    };
    let rounds: [&dyn Fn(usize, usize) -> bool; 4] = [
        &|their, our| their == our && types(&theirs[their], &ours[our]),
        &|their, our| types(&theirs[their], &ours[our]),
        &|their, our| their == our,
        &|_, _| true,
    ];
    for fits in rounds {
        for (their, method) in theirs.iter().enumerate() {
            if pairs[their].is_some() {
                continue;
            }
            let same =
                |our: &usize| !taken[*our] && ours[*our].name == method.name && fits(their, *our);
            if let Some(our) = (0..ours.len()).find(same) {
                pairs[their] = Some(our);
                taken[our] = true;
            }
        }
    }
    pairs
}
