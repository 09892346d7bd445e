use std::path::{Path, PathBuf};

use clap::Args;
use psom::{interface::Definition, session::CONN_MGR};
use psom_inspect::idl::{self, Bindings, Document};
use psom_objects::interfaces::catalog;

use crate::{
    error::{CommandError, Result},
    files::{name_of, read_input},
    terminal::out,
};

/// Upper bound on a file with definitions.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Print the built-in interfaces, compare them with a file, or generate code from them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom idl                                 print every interface in all its versions
  psom idl Content UploadManager           print some interfaces
  psom idl --check interfaces.idl          compare a file with the built-in interfaces
  psom idl Content --check -               compare one interface with standard input
  psom idl --javascript > interfaces.js    an ES module for psom-js
  psom idl --typescript --from room.idl    the declarations for the interfaces of a file
  psom idl --rust room.idl                 the annotated traits for the interfaces of a file

A difference that does not affect the wire, such as the name of a parameter, is a note. After any
other difference, the command exits with 1.")]
pub(crate) struct Idl {
    /// Interfaces, by their names or the last segments of the names.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Compare with the definitions of this file; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// Print an ES module for psom-js.
    #[arg(long, conflicts_with_all = ["check", "typescript", "rust"])]
    javascript: bool,
    /// Print the declarations of that module.
    #[arg(long, conflicts_with_all = ["check", "rust"])]
    typescript: bool,
    /// Use the definitions of this file instead of the built-in interfaces; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["check", "names"])]
    from: Option<PathBuf>,
    /// Print the annotated traits of the definitions in this file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["check", "names", "from"])]
    rust: Option<PathBuf>,
    /// The address of psom-js in the imports.
    #[arg(long, value_name = "ADDRESS", default_value = "..")]
    library: String,
}

impl Idl {
    pub(crate) fn run(self) -> Result {
        if self.javascript || self.typescript || self.rust.is_some() {
            return self.generate();
        }
        if let Some(file) = &self.from {
            return out::text(&read_document(file)?.to_string());
        }
        let definitions = self.definitions()?;
        let built_in: Document = definitions.iter().collect();
        match &self.check {
            None => out::line(built_in.to_string().trim_end()),
            Some(file) => self.compare(&definitions, &built_in, file),
        }
    }

    fn generate(&self) -> Result {
        let bindings = match self.rust.as_deref().or(self.from.as_deref()) {
            Some(file) => Bindings::from_document(&read_document(file)?)
                .map_err(|error| CommandError::new(format!("{}, {error}", name_of(file))))?,
            None => {
                let mut definitions = self.definitions()?;
                // Psom-js has the protocol's own object.
                definitions.retain(|definition| definition.name() != CONN_MGR.name());
                Bindings::from_definitions(&definitions)
                    .map_err(|error| CommandError::new(error.to_string()))?
            }
        };
        out::text(&if self.rust.is_some() {
            bindings.rust()
        } else if self.typescript {
            bindings.typescript(&self.library)
        } else {
            bindings.javascript(&self.library)
        })
    }

    /// Returns the named interfaces, or all.
    fn definitions(&self) -> Result<Vec<Definition>> {
        let catalog = catalog();
        for name in &self.names {
            if !catalog.iter().any(|definition| is_called(definition, name)) {
                let known: Vec<_> = catalog.iter().map(|definition| definition.title).collect();
                let known = known.join(", ");
                return Err(CommandError::new(format!(
                    "there is no interface {name}; choose from {known}"
                )));
            }
        }
        let named = |it: &Definition| {
            self.names.is_empty() || self.names.iter().any(|name| is_called(it, name))
        };
        Ok(catalog.into_iter().filter(named).collect())
    }

    fn compare(&self, definitions: &[Definition], built_in: &Document, file: &Path) -> Result {
        let shown = name_of(file);
        let mut document = read_document(file)?;
        if !self.names.is_empty() {
            document.blocks.retain(|block| definitions.iter().any(|it| it.name() == block.name));
        }
        let differences = idl::compare(built_in, &document);
        for difference in &differences {
            match difference.line {
                0 => out::line(out::printable(&format!("{shown}: {difference}")))?,
                line => out::line(out::printable(&format!("{shown}:{line}: {difference}")))?,
            }
        }
        let matter = differences.iter().filter(|difference| difference.on_the_wire).count();
        let all = match built_in.blocks.len() {
            1 => "built-in definition".to_owned(),
            all => format!("{all} built-in definitions"),
        };
        match (matter, differences.len()) {
            (0, 0) => out::line(format!("{shown} agrees with the {all}.")),
            (0, _) => out::line(format!("{shown} agrees with the {all} on the wire.")),
            (1, _) => {
                Err(CommandError::new(format!("{shown} differs in 1 place that affects the wire")))
            }
            (n, _) => Err(CommandError::new(format!(
                "{shown} differs in {n} places that affect the wire"
            ))),
        }
    }
}

fn read_document(file: &Path) -> Result<Document> {
    let shown = name_of(file);
    let text = String::from_utf8(read_input(file, MAX_FILE_BYTES)?)
        .map_err(|_| CommandError::new(format!("{shown} is not text in UTF-8")))?;
    Document::parse(&text).map_err(|error| CommandError::new(format!("{shown}, {error}")))
}

/// Reports whether a name, in upper or lower case, means a definition.
fn is_called(definition: &Definition, name: &str) -> bool {
    let names = [definition.title, definition.name(), definition.server.short_name()];
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}
