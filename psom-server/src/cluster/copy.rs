//! Moving the meetings of a data directory to a cluster, and back.

use std::path::Path;

use futures_util::FutureExt as _;
use psom::Write;

use super::{node_name, share_secrets};
use crate::{
    data_directory::DataDirectory,
    files::{BlobConfig, FilesRecord, copy_files},
    start_error::StartError,
    store::{self, Claim, ClusterConfig, Durability, MeetingStore, PostgresStore, SqliteStore},
};

/// The direction of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyDirection {
    /// From a data directory to a cluster that has no meetings.
    ToCluster,
    /// From a cluster to a data directory that has no meetings.
    FromCluster,
}

/// The result of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// The number of meetings.
    pub meetings: usize,
    /// The number of files that were copied. Files that both servers keep at the same location stay there.
    pub files: usize,
}

/// Copies all meetings with their invitations, and the secrets of the server, between a data directory and
/// the cluster with this database. No server may run on either. `files` is the location of the cluster's
/// files.
///
/// # Errors
/// A server runs on the data directory or has one of the meetings, the target has meetings or belongs to
/// another server, or something cannot be read or written. Nothing is removed from the source.
pub fn copy<'a>(
    direction: CopyDirection,
    data: &'a Path,
    url: &'a str,
    files: &'a BlobConfig,
) -> impl Future<Output = Result<Copied, StartError>> + Send + 'a {
    copy_all(direction, data, url, files).boxed()
}

async fn copy_all(
    direction: CopyDirection,
    data: &Path,
    url: &str,
    files: &BlobConfig,
) -> Result<Copied, StartError> {
    let data = DataDirectory::open(data)?;
    let mut record = FilesRecord::read(data.path())?;
    record.ensure_name(data.path()).map_err(|error| data.error(error))?;
    share_secrets(url, Durability::Full, &data, &mut record).await?;
    let local = SqliteStore::open(data.path(), Durability::Full).await?;
    // This node is in the list for a moment, and must get no meetings.
    let config = ClusterConfig {
        url: url.into(),
        node: format!("{}-copy", node_name(&data)?),
        address: "localhost:0".into(),
        http: "http://localhost:0".into(),
    };
    let cluster = PostgresStore::open(config, Durability::Full).await?;
    cluster.set_draining(true).await?;
    let copied = match direction {
        CopyDirection::ToCluster => copy_meetings(&local, &cluster).await,
        CopyDirection::FromCluster => copy_meetings(&cluster, &local).await,
    };
    let closed = (local.close().await, cluster.close().await);
    let meetings = copied?;
    closed.0.and(closed.1)?;
    // The files of a server that has them in the object store already stay there.
    let files = if record.is_remote() {
        0
    } else {
        let (from, to) = match direction {
            CopyDirection::ToCluster => (&BlobConfig::Local, files),
            CopyDirection::FromCluster => (files, &BlobConfig::Local),
        };
        copy_files(from, to, &data.meetings(), &record.server).await?
    };
    Ok(Copied { meetings, files })
}

/// Copies all meetings to a store that has none, and returns their number.
pub(crate) async fn copy_meetings(
    from: &dyn MeetingStore,
    to: &dyn MeetingStore,
) -> Result<usize, store::Error> {
    if !to.meetings().await?.is_empty() {
        return Err(store::Error::CopyTarget);
    }
    let meetings = from.meetings().await?;
    // All of them are claimed before the first is copied.
    for meeting in &meetings {
        if from.claim(&meeting.id).await? != Claim::Owned {
            return Err(store::Error::Moved(meeting.id.clone()));
        }
    }
    let count = meetings.len();
    for meeting in meetings {
        let id = meeting.id.clone();
        let state = from.load(&id).await?;
        to.create(meeting).await?;
        let writes = state.into_iter().map(|(key, value)| Write { key, value: Some(value) });
        let saved = to.journal(&id).commit(writes.collect()).await;
        saved.map_err(|error| store::Error::Copy { meeting: id, reason: error.to_string() })?;
    }
    Ok(count)
}
