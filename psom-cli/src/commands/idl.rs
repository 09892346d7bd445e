use std::path::{Path, PathBuf};

use clap::Args;
use psom::interface::Definition;
use psom_inspect::idl::{self, Document};
use psom_objects::interfaces::catalog;

use crate::{
    error::{CommandError, Result},
    files::{name_of, read_input},
    terminal::out,
};

/// Upper bound on a file with definitions.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Print the built-in interfaces, or compare them with a file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom idl                                 print every interface in all its versions
  psom idl Content UploadManager           print some interfaces
  psom idl --check interfaces.idl          compare a file with the built-in interfaces
  psom idl Content --check -               compare one interface with standard input

A difference that does not affect the wire, such as the name of a parameter, is a note. After any
other difference, the command exits with 1.")]
pub struct Idl {
    /// Interfaces, by their names or the last segments of the names.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Compare with the definitions of this file; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

impl Idl {
    pub fn run(self) -> Result {
        let definitions = self.definitions()?;
        let built_in: Document = definitions.iter().collect();
        match &self.check {
            None => out::line(built_in.to_string().trim_end()),
            Some(file) => self.compare(&definitions, &built_in, file),
        }
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
        let text = String::from_utf8(read_input(file, MAX_FILE_BYTES)?)
            .map_err(|_| CommandError::new(format!("{shown} is not text in UTF-8")))?;
        let mut document = Document::parse(&text)
            .map_err(|error| CommandError::new(format!("{shown}, {error}")))?;
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

/// Reports whether a name, in upper or lower case, means a definition.
fn is_called(definition: &Definition, name: &str) -> bool {
    let names = [definition.title, definition.name(), definition.server.short_name()];
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}
