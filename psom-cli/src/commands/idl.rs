use std::path::{Path, PathBuf};

use clap::Args;
use psom::interface::{
    Definition,
    idl::{self, Document},
};
use psom_objects::interfaces::catalog;

use crate::{
    failure::{Failure, Result},
    files::{name_of, read_input},
    out,
};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// Print the interfaces that are built in, or compare them with a file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom idl                                 every interface, in all its versions
  psom idl Content UploadManager           some of them
  psom idl --check interfaces.idl          how a file differs from what is built in
  psom idl Content --check -               the same for one interface, from standard input

A difference that only people see, as the name of a parameter, is a note. Where there is another
one, the program ends with 1.")]
pub struct Idl {
    /// Interfaces, by their names or the last parts of these.
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

    /// The named ones, or all.
    fn definitions(&self) -> Result<Vec<Definition>> {
        let catalog = catalog();
        for name in &self.names {
            if !catalog.iter().any(|definition| is_called(definition, name)) {
                let known: Vec<_> = catalog.iter().map(|definition| definition.title).collect();
                let known = known.join(", ");
                return Err(Failure::new(format!("no interface is called {name}; say {known}")));
            }
        }
        let named = |it: &Definition| {
            self.names.is_empty() || self.names.iter().any(|name| is_called(it, name))
        };
        Ok(catalog.into_iter().filter(named).collect())
    }

    fn compare(&self, definitions: &[Definition], built_in: &Document, file: &Path) -> Result {
        let shown = name_of(file);
        let text = String::from_utf8(read_input(file, LARGEST)?)
            .map_err(|_| Failure::new(format!("{shown} is no text in UTF-8")))?;
        let mut document =
            Document::parse(&text).map_err(|error| Failure::new(format!("{shown}, {error}")))?;
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
            1 => "definition".to_owned(),
            all => format!("{all} definitions"),
        };
        match (matter, differences.len()) {
            (0, 0) => out::line(format!("{shown} and the {all} built in agree.")),
            (0, _) => out::line(format!("{shown} and the {all} built in agree on the wire.")),
            (1, _) => Err(Failure::new(format!("{shown} differs in 1 place that matters"))),
            (n, _) => Err(Failure::new(format!("{shown} differs in {n} places that matter"))),
        }
    }
}

/// Whether a definition is meant by a name, in any case.
fn is_called(definition: &Definition, name: &str) -> bool {
    let names = [definition.title, definition.name(), definition.server.short_name()];
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}
