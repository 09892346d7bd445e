use std::collections::{BTreeMap, HashMap};

use psom::{InterfaceDesc, interface::Definition};

use super::{Block, Document, Half, Param};

/// Interfaces in the form from which code is generated: each with all its versions, and with a
/// distinct name for each overload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bindings {
    pub(super) interfaces: Vec<Binding>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binding {
    /// The word after `DOInterface`: the name in the generated code.
    pub(super) title: String,
    /// The name that addProtocol announces.
    pub(super) name: String,
    /// The versions in ascending order, each with the hashes of the server's and the client's half.
    pub(super) versions: Vec<(i32, i64, i64)>,
    pub(super) server: Vec<BoundMethod>,
    pub(super) client: Vec<BoundMethod>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BoundMethod {
    pub(super) wire_name: String,
    /// The wire name, with `_2` and so on for later overloads.
    pub(super) name: String,
    pub(super) params: Vec<Param>,
    /// The version that introduced the method, unless it is the first.
    pub(super) since: Option<i32>,
    /// `Some` if a new call replaces pending calls when the send queue is above its soft limit. The
    /// inner value is the position of the parameter by which calls are compared, if there is one.
    pub(super) latest: Option<Option<usize>>,
}

/// The reason why no code can be generated from a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// A definition has no hash.
    #[error("line {line}: the {half} of {title} has no hash; add `[Hash=…]` before it")]
    Hash {
        /// The line of the definition, counted from 1.
        line: usize,
        /// The half without a hash.
        half: &'static str,
        /// The interface.
        title: String,
    },
    /// A later version changes a method of an earlier one.
    #[error(
        "line {line}: version {version} of {title} changes method {method}; a later version can \
         only append methods"
    )]
    Changed {
        /// The line of the later definition, counted from 1.
        line: usize,
        /// The later version.
        version: i32,
        /// The interface.
        title: String,
        /// The method of the earlier version.
        method: String,
    },
}

impl Bindings {
    /// Collects the definitions of a file.
    ///
    /// # Errors
    /// A definition has no hash, or a later version does not continue an earlier one.
    pub fn from_document(document: &Document) -> Result<Self, GenerateError> {
        let mut names = Vec::new();
        let mut by_name: HashMap<&str, BTreeMap<i32, &Block>> = HashMap::new();
        for block in &document.blocks {
            let versions = by_name.entry(&block.name).or_default();
            if versions.is_empty() {
                names.push(&*block.name);
            }
            versions.insert(block.version, block);
        }
        let interfaces = names.iter().filter_map(|name| by_name.get(name)).map(bind);
        Ok(Self { interfaces: interfaces.collect::<Result<_, _>>()? })
    }

    /// Collects built-in definitions, with the methods that are marked `#[latest]`.
    ///
    /// # Errors
    /// The errors of [`from_document`](Self::from_document). The macros accept no definition that causes
    /// one.
    pub fn from_definitions(definitions: &[Definition]) -> Result<Self, GenerateError> {
        let mut bindings = Self::from_document(&definitions.iter().collect())?;
        for (binding, definition) in bindings.interfaces.iter_mut().zip(definitions) {
            mark_latest(&mut binding.server, definition.server);
            mark_latest(&mut binding.client, definition.client);
        }
        Ok(bindings)
    }
}

fn mark_latest(methods: &mut [BoundMethod], interface: &InterfaceDesc) {
    for (bound, method) in methods.iter_mut().zip(interface.methods) {
        // The descriptor counts arguments, and a flattened one is several parameters.
        let position = method.latest_by.map(|argument| {
            method.arguments[..argument].iter().map(|argument| argument.sent().count()).sum()
        });
        bound.latest = method.latest.then_some(position);
    }
}

fn bind(versions: &BTreeMap<i32, &Block>) -> Result<Binding, GenerateError> {
    let mut binding = Binding {
        title: String::new(),
        name: String::new(),
        versions: Vec::new(),
        server: Vec::new(),
        client: Vec::new(),
    };
    for (&version, block) in versions {
        let hash = |half: &Half, name| {
            let (line, title) = (block.line.0, block.title.clone());
            half.hash.ok_or(GenerateError::Hash { line, half: name, title })
        };
        binding.title.clone_from(&block.title);
        binding.name.clone_from(&block.name);
        let hashes =
            (hash(&block.server, "ServerInterface")?, hash(&block.client, "ClientInterface")?);
        let since = (!binding.versions.is_empty()).then_some(version);
        binding.versions.push((version, hashes.0, hashes.1));
        extend(&mut binding.server, &block.server, since, block)?;
        extend(&mut binding.client, &block.client, since, block)?;
    }
    Ok(binding)
}

/// Adds the methods of a version that earlier versions do not have.
fn extend(
    methods: &mut Vec<BoundMethod>,
    half: &Half,
    since: Option<i32>,
    block: &Block,
) -> Result<(), GenerateError> {
    for (i, known) in methods.iter().enumerate() {
        let is_same = half.methods.get(i).is_some_and(|method| {
            let kinds =
                |params: &[Param]| params.iter().map(|it| it.kind.clone()).collect::<Vec<_>>();
            method.name == known.wire_name && kinds(&method.params) == kinds(&known.params)
        });
        if !is_same {
            let (line, version) = (block.line.0, block.version);
            let (title, method) = (block.title.clone(), known.wire_name.clone());
            return Err(GenerateError::Changed { line, version, title, method });
        }
    }
    for method in &half.methods[methods.len()..] {
        let overloads = methods.iter().filter(|known| known.wire_name == method.name).count();
        let name = match overloads {
            0 => method.name.clone(),
            n => format!("{}_{}", method.name, n + 1),
        };
        let (wire_name, params) = (method.name.clone(), method.params.clone());
        methods.push(BoundMethod { wire_name, name, params, since, latest: None });
    }
    Ok(())
}
