use std::path::PathBuf;

use clap::{Args, Subcommand};
use psom_server::store::{self, Report};

use super::blobs;
use crate::{
    failure::{Failure, Result},
    out,
};

/// Look after what a server keeps of its meetings
#[derive(Debug, Args)]
pub struct Store {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look for damage
    #[command(after_help = "\
Examples:
  psom store check
  psom store check --deep
  psom store check --data /var/lib/psom && cp -a /var/lib/psom /backup

The server must not run. Of what is kept nothing is changed; where something is wrong, each thing is
a line, and the exit status is 1. Files in S3 are looked for where --files says so.

A backup is a copy of the whole directory of a server that does not run: what was saved last may be
in meetings.db-wal alone, and the files and the certificates belong to it.")]
    Check(Check),
    /// Save what is right out of a damaged store
    #[command(after_help = "\
Examples:
  psom store repair --data /var/lib/psom

The server must not run, and the disk needs room for the database twice more. The damaged one is
kept beside the new one, and while it is, the server removes no file that it may know. What is lost
is said in a line each, and the exit status is 1 then.")]
    Repair(Data),
}

#[derive(Debug, Args)]
struct Check {
    #[command(flatten)]
    data: Data,
    /// Read every file as well, and hold it against its SHA-1.
    #[arg(long)]
    deep: bool,
}

#[derive(Debug, Args)]
struct Data {
    /// The server's data directory.
    #[arg(long, value_name = "DIR", default_value = "psom-data")]
    data: PathBuf,
    /// Where the meetings' files are, if they are in an object store: s3://BUCKET/PREFIX.
    #[arg(long, value_name = "URL")]
    files: Option<String>,
}

impl Store {
    pub async fn run(self) -> Result {
        match self.command {
            Command::Check(Check { data: Data { data, files }, deep }) => {
                let files = blobs(files);
                let report = store::check(&data, &files).await.map_err(failed)?;
                lines(&report.problems)?;
                let damaged = match deep {
                    true => store::check_files(&data, &files).await.map_err(failed)?,
                    false => Vec::new(),
                };
                lines(&damaged)?;
                match report.problems.len() {
                    0 if !damaged.is_empty() => Err(Failure::new(format!(
                        "there is damage in {}; take them from a backup, or share them again",
                        counted(damaged.len(), "file", "files"),
                    ))),
                    0 => well(&report),
                    count => Err(Failure::new(format!(
                        "the store is damaged ({}); `psom store repair` saves what is right",
                        counted(count, "problem", "problems"),
                    ))),
                }
            }
            Command::Repair(Data { data, files }) => {
                let repair = store::repair(&data, &blobs(files)).await.map_err(failed)?;
                let Some(kept) = repair.kept else { return well(&repair.report) };
                lines(&repair.lost)?;
                let saved = state(&repair.report);
                let kept = out::printable(&kept.display().to_string());
                out::line(format_args!("Saved {saved}; the damaged store is kept as {kept}."))?;
                match repair.lost.is_empty() {
                    true => Ok(()),
                    false => Err(Failure::new("not everything could be saved")),
                }
            }
        }
    }
}

fn failed(error: store::Error) -> Failure {
    Failure::new(error.to_string())
}

fn lines(sentences: &[String]) -> Result {
    sentences.iter().try_for_each(|sentence| out::line(out::printable(sentence)))
}

fn well(report: &Report) -> Result {
    out::line(format_args!("All is well: {}.", state(report)))?;
    let Some(place) = &report.files_at else { return Ok(()) };
    let place = out::printable(place);
    out::line(format_args!("Files at {place} were not looked for; --files {place} does that."))
}

fn state(report: &Report) -> String {
    let meetings = counted(report.meetings, "meeting", "meetings");
    let entries = counted(report.entries, "entry", "entries");
    format!("{meetings} with {entries}")
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
