use clap::Args;
use clap_complete::Shell;

use crate::{
    error::{OrCannot as _, Result},
    terminal::out,
};

/// Print a script that completes commands and options in a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom completions bash > ~/.local/share/bash-completion/completions/psom
  psom completions zsh > ~/.zfunc/_psom
  psom completions fish > ~/.config/fish/completions/psom.fish")]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    /// Prints the script for a command.
    pub(crate) fn run(self, command: &mut clap::Command) -> Result {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, command, "psom", &mut script);
        let script = String::from_utf8(script).or_cannot("print the script")?;
        out::line(script.trim_end())
    }
}
