use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use psom_server::{
    maintenance::{self, Report},
    store,
};

use super::args::blobs;
use crate::{
    error::{CommandError, Result},
    terminal::out::{self, counted},
};

/// Check or repair the stored meetings of a server
#[derive(Debug, Args)]
pub(crate) struct Store {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Check for damage
    #[command(after_help = "\
Examples:
  psom store check
  psom store check --deep
  psom store check --data /var/lib/psom && cp -a /var/lib/psom /backup

The server must not be running. Nothing is changed. Each problem is printed on a line, and the exit
status is then 1. To check files in S3, give their place with --files.

`psom store backup` copies the data directory of a running server. To copy that of a stopped server by
other means, copy all of it: the latest changes may only be in meetings.db-wal, and the files and the
certificates belong to the backup.")]
    Check(Check),
    /// Copy the data directory of a server, also while the server runs
    #[command(after_help = "\
Examples:
  psom store backup /backup/psom-$(date +%F) --data /var/lib/psom
  psom serve --data /backup/psom-2026-12-01

The copy has the database as it is at one moment, the files of the meetings, the certificates and the
keys, so that join links stay valid on a server that runs on it. Keep it as safe as the original. It is
checked when it is complete.")]
    Backup(BackupArgs),
    /// Copy all meetings between a data directory and a cluster
    #[cfg(feature = "postgres")]
    #[command(after_help = "\
Examples:
  psom store copy /var/lib/psom postgres://psom@db.example.com/psom --files s3://bucket/prefix
  psom store copy postgres://psom@db.example.com/psom /var/lib/psom --files s3://bucket/prefix

No server may run on the directory or on the cluster, and the target must have no meetings. The
certificate authority, the administrator's token and the invitations are copied too, so that join links
stay valid. Nothing is removed from the source.")]
    Copy(CopyArgs),
    /// Recover the intact part of a damaged store
    #[command(after_help = "\
Examples:
  psom store repair --data /var/lib/psom

The server must not be running, and the disk needs free space for two more copies of the database.
The damaged database is kept beside the new one. While it exists, the server does not delete files
that it may refer to. Each loss is printed on a line, and the exit status is then 1.")]
    Repair(Data),
}

#[derive(Debug, Args)]
struct Check {
    #[command(flatten)]
    data: Data,
    /// Also read every file and compare it with its SHA-1.
    #[arg(long)]
    deep: bool,
}

#[derive(Debug, Args)]
struct BackupArgs {
    /// A new directory for the copy.
    #[arg(value_name = "DIR")]
    to: PathBuf,
    /// The server's data directory.
    #[arg(long, value_name = "DIR", default_value = "psom-data", env = "PSOM_DATA")]
    data: PathBuf,
}

#[cfg(feature = "postgres")]
#[derive(Debug, Args)]
struct CopyArgs {
    /// The data directory, or the database of the cluster, that has the meetings.
    #[arg(value_name = "FROM")]
    from: String,
    /// The database of the cluster, or the data directory, that gets the meetings.
    #[arg(value_name = "TO")]
    to: String,
    /// The object store with the cluster's files: s3://BUCKET/PREFIX.
    #[arg(long, value_name = "URL")]
    files: String,
}

#[derive(Debug, Args)]
struct Data {
    /// The server's data directory.
    #[arg(long, value_name = "DIR", default_value = "psom-data", env = "PSOM_DATA")]
    data: PathBuf,
    /// The object store with the meetings' files, if they are not in the data directory:
    /// s3://BUCKET/PREFIX.
    #[arg(long, value_name = "URL")]
    files: Option<String>,
}

impl Store {
    pub(crate) async fn run(self) -> Result {
        match self.command {
            StoreCommand::Check(Check { data: Data { data, files }, deep }) => {
                let files = blobs(files);
                let report =
                    maintenance::check(&data, &files).await.map_err(|error| failed(&error))?;
                lines(&report.problems)?;
                let damaged = if deep {
                    maintenance::check_files(&data, &files).await.map_err(|error| failed(&error))?
                } else {
                    Vec::new()
                };
                lines(&damaged)?;
                match report.problems.len() {
                    0 if !damaged.is_empty() => Err(CommandError::new(format!(
                        "{} damaged; restore from a backup, or share the files again",
                        counted(damaged.len(), "file is", "files are"),
                    ))),
                    0 => print_intact(&report),
                    count => Err(CommandError::new(format!(
                        "the store is damaged ({}); `psom store repair` recovers the intact part",
                        counted(count, "problem", "problems"),
                    ))),
                }
            }
            StoreCommand::Backup(BackupArgs { to, data }) => back_up(&data, &to).await,
            #[cfg(feature = "postgres")]
            StoreCommand::Copy(arguments) => copy(arguments).await,
            StoreCommand::Repair(Data { data, files }) => {
                let repair = maintenance::repair(&data, &blobs(files))
                    .await
                    .map_err(|error| failed(&error))?;
                let Some(kept) = repair.kept else { return print_intact(&repair.report) };
                lines(&repair.lost)?;
                let saved = state(&repair.report);
                let kept = out::printable(&kept.display().to_string());
                out::line(format_args!("Recovered {saved}; the damaged store is kept as {kept}."))?;
                if repair.lost.is_empty() {
                    return Ok(());
                }
                Err(CommandError::new(
                    "some data could not be recovered; restore a backup to get it",
                ))
            }
        }
    }
}

/// Copies meetings between a data directory and a cluster.
#[cfg(feature = "postgres")]
async fn copy(CopyArgs { from, to, files }: CopyArgs) -> Result {
    use psom_server::{CopyDirection, copy_store};

    let is_database = |place: &str| {
        ["postgres://", "postgresql://"].iter().any(|scheme| place.starts_with(scheme))
    };
    let (direction, data, url) = match (is_database(&from), is_database(&to)) {
        (false, true) => (CopyDirection::ToCluster, from, to),
        (true, false) => (CopyDirection::FromCluster, to, from),
        _ => {
            let text = "name a data directory and the database of a cluster (postgres://...)";
            return Err(CommandError::new(text));
        }
    };
    let copied = copy_store(direction, Path::new(&data), &url, &blobs(Some(files))).await?;
    let meetings = counted(copied.meetings, "meeting", "meetings");
    let files = counted(copied.files, "file", "files");
    out::line(format_args!("Copied {meetings} and {files}."))
}

/// Copies a data directory, and checks the copy.
async fn back_up(data: &Path, to: &Path) -> Result {
    let backup = maintenance::backup(data, to).await.map_err(|error| failed(&error))?;
    let report = maintenance::check(to, &blobs(None)).await.map_err(|error| failed(&error))?;
    lines(&report.problems)?;
    if !report.problems.is_empty() {
        let problems = counted(report.problems.len(), "problem", "problems");
        let why = format!("the copy is not complete ({problems}); run `psom store check`");
        return Err(CommandError::new(why));
    }
    let shown = out::printable(&to.display().to_string());
    let files = counted(backup.files, "file", "files");
    out::line(format_args!("Copied {} and {files} to {shown}.", state(&report)))?;
    let Some(place) = &backup.files_at else { return Ok(()) };
    let place = out::printable(place);
    out::line(format_args!("The files at {place} are not part of the copy."))
}

fn failed(error: &store::Error) -> CommandError {
    CommandError::new(error.to_string())
}

fn lines(sentences: &[String]) -> Result {
    sentences.iter().try_for_each(|sentence| out::line(out::printable(sentence)))
}

fn print_intact(report: &Report) -> Result {
    out::line(format_args!("The store is intact: {}.", state(report)))?;
    let Some(place) = &report.files_at else { return Ok(()) };
    let place = out::printable(place);
    out::line(format_args!("Files at {place} were not checked; --files {place} checks them."))
}

fn state(report: &Report) -> String {
    let meetings = counted(report.meetings, "meeting", "meetings");
    let entries = counted(report.entries, "entry", "entries");
    format!("{meetings} with {entries}")
}
