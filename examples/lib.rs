//! What the examples share: a certificate for this machine, made anew at each start.

use std::{path::PathBuf, sync::Arc};

use psom::tls;

/// The result of an example.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A server's TLS configuration with a certificate for `localhost` and `127.0.0.1`, and that
/// certificate in PEM for the clients that are to trust it.
pub fn certificate() -> Result<(Arc<tls::ServerConfig>, String)> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names)
        .map_err(|error| format!("cannot make a certificate: {error}"))?;
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    Ok((tls::server(certificate.as_bytes(), key.as_bytes())?, certificate))
}

/// The file through which an example's server and its clients find each other.
pub fn meeting_file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("psom-example-{name}.pem"))
}
