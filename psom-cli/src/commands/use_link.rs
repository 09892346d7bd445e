use clap::Args;

use crate::{
    error::{CommandError, Result},
    meeting::{
        link,
        saved_links::{DEFAULT_NAME, SavedLinks},
    },
    terminal::out,
};

/// Save a join link, so that other commands need none
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom use 'LINK'                   save a link; then `psom share Plan.pdf` uses it
  psom use 'LINK' lesson            save another one under a name, and use it
  psom use lesson                   use the saved link with this name again
  psom share @lesson Plan.pdf       use it for one command
  psom use                          list the names of the saved links

The links are in a file that only you can read. The variable PSOM_LINK takes precedence over the saved
link.")]
pub(crate) struct UseLink {
    /// The join link, in single quotes, or the name of a saved one.
    #[arg(value_name = "LINK|NAME")]
    value: Option<String>,
    /// The name to save the link under. It can also follow the link directly.
    #[arg(long, value_name = "NAME", requires = "value", conflicts_with = "forget")]
    name: Option<String>,
    #[arg(hide = true, requires = "value", conflicts_with_all = ["name", "forget"])]
    name_after_link: Option<String>,
    /// Remove a saved link.
    #[arg(long, value_name = "NAME", conflicts_with = "value")]
    forget: Option<String>,
}

impl UseLink {
    pub(crate) fn run(self) -> Result {
        let mut saved = SavedLinks::load();
        if let Some(name) = &self.forget {
            saved.forget(name)?;
            saved.store()?;
            return out::line(format_args!("The link @{} is removed.", out::printable(name)));
        }
        let Some(value) = &self.value else { return list(&saved) };
        let given = self.name.as_ref().or(self.name_after_link.as_ref());
        let known = value.strip_prefix('@').unwrap_or(value);
        let name = if given.is_none() && saved.named(known).is_ok() {
            saved.select(known)?;
            known
        } else {
            // An invalid link is reported now, and not by the next command.
            let parsed = link::parse(value)?;
            let name = given.map_or(DEFAULT_NAME, String::as_str);
            check_name(name)?;
            saved.save(name, &parsed.to_string());
            name
        };
        saved.store()?;
        out::line(format_args!("Commands without a link use @{name} now."))
    }
}

fn check_name(name: &str) -> Result {
    let is_valid = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || !name.chars().all(is_valid) {
        let why = "the name of a link has only letters, digits, `-`, `_` and `.`; choose another";
        return Err(CommandError::new(why));
    }
    Ok(())
}

fn list(saved: &SavedLinks) -> Result {
    let mut is_empty = true;
    for (name, link, is_current) in saved.iter() {
        is_empty = false;
        // The rest of the link is a secret.
        let place = link.split('?').next().unwrap_or_default();
        let mark = if is_current { "*" } else { " " };
        out::line(out::printable(&format!("{mark} @{name}  {place}")))?;
    }
    if is_empty {
        return out::line("No link is saved. Save one with `psom use 'LINK'`.");
    }
    Ok(())
}
