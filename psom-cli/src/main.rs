//! The `psom` program.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    psom_cli::main()
}
