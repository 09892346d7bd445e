use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use crate::{
    failure::{Failure, Result},
    out,
};

/// Print a script that completes commands and options in a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom completions bash > ~/.local/share/bash-completion/completions/psom
  psom completions zsh > ~/.zfunc/_psom
  psom completions fish > ~/.config/fish/completions/psom.fish")]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> Result {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "psom", &mut script);
        let script = String::from_utf8(script).map_err(|error| Failure::new(error.to_string()))?;
        out::line(script.trim_end())
    }
}
