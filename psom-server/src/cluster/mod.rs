//! A server as a node of a cluster: its name, the secrets that all nodes have in common, and the relay of
//! clients to other nodes.

mod copy;
mod relay;

use std::{fs, io, path::Path};

pub(crate) use relay::Relays;

pub use copy::{Copied, CopyDirection, copy};

use crate::{
    data_directory::DataDirectory,
    files::FilesRecord,
    shared::{identifiers::random_name, private_files},
    start_error::StartError,
    store::{Durability, share_settings},
    tls::Identity,
};

/// The files of the data directory that are the same on all nodes. The cluster's settings with
/// their contents have the same names.
const SHARED_FILES: [&str; 3] = ["ca.pem", "ca.key", "admin-token"];

/// The setting with the name that marks the object store as the cluster's.
const FILES_OWNER: &str = "files-owner";

/// The setting with the key of the proxy headers between the nodes.
const RELAY_KEY: &str = "relay-key";

/// Length of a generated node name in characters. It need not be a secret.
const NODE_NAME_CHARS: usize = 8;

/// Returns the name of the node with this data directory. Its first start generates the name.
pub(crate) fn node_name(data: &DataDirectory) -> Result<String, StartError> {
    let path = data.path().join("node");
    match fs::read_to_string(&path) {
        Ok(name) => Ok(name.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name: String = random_name().chars().take(NODE_NAME_CHARS).collect();
            private_files::replace(&path, name.as_bytes()).map_err(|error| data.error(error))?;
            Ok(name)
        }
        Err(error) => Err(data.error(error)),
    }
}

/// Makes the data directory and the cluster agree on the certificate authority, the administrator's
/// token and the mark of the object store. The first node of a cluster contributes its own. Returns the
/// key of the proxy headers between the nodes.
pub(crate) async fn share_secrets(
    url: &str,
    durability: Durability,
    data: &DataDirectory,
    record: &mut FilesRecord,
) -> Result<String, StartError> {
    let path = data.path();
    let is_new = !path.join("ca.key").exists();
    let known = share_settings(url, durability, &[]).await?;
    if is_new && known.contains_key("ca.key") {
        for name in SHARED_FILES {
            let Some(value) = known.get(name) else { continue };
            private_files::replace(&path.join(name), value.as_bytes())
                .map_err(|error| data.error(error))?;
        }
    } else if is_new {
        Identity::open(path, &[])?;
    }
    data.admin_token()?;
    // 256 random bits, unless another node has brought some.
    let relay_key = format!("{}{}", random_name(), random_name());
    let mut offered = vec![(FILES_OWNER, record.server.clone()), (RELAY_KEY, relay_key.clone())];
    for name in SHARED_FILES {
        let text = fs::read_to_string(path.join(name)).map_err(|error| data.error(error))?;
        offered.push((name, text));
    }
    let settings = share_settings(url, durability, &offered).await?;
    for name in SHARED_FILES {
        let own = offered.iter().find(|(offered, _)| *offered == name).map(|(_, value)| value);
        match settings.get(name) {
            shared if shared == own => {}
            // Another node, which started for the first time at the same moment, has set the value.
            Some(shared) if is_new => {
                let replaced = private_files::replace(&path.join(name), shared.as_bytes());
                // The next use of the authority issues another certificate.
                let removed = replaced.and_then(|()| remove_certificate(path));
                removed.map_err(|error| data.error(error))?;
            }
            _ => return Err(StartError::OtherCluster(path.into())),
        }
    }
    if let Some(owner) = settings.get(FILES_OWNER) {
        record.set_name(path, owner).map_err(|error| data.error(error))?;
    }
    Ok(settings.get(RELAY_KEY).cloned().unwrap_or(relay_key))
}

/// Removes the certificate of the server, but not that of the authority.
fn remove_certificate(data: &Path) -> io::Result<()> {
    match fs::remove_file(data.join("server.pem")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
