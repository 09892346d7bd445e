//! Code that the examples share: a self-signed certificate for this machine.

use std::{path::PathBuf, sync::Arc};

use psom::tls;

/// The result of an example.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Creates a certificate for `localhost` and `127.0.0.1`. Returns the server's TLS configuration,
/// and the certificate in PEM for the clients that trust it.
pub fn certificate() -> Result<(Arc<tls::ServerConfig>, String)> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names)
        .map_err(|error| format!("cannot create a certificate: {error}"))?;
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    Ok((tls::server(certificate.as_bytes(), key.as_bytes())?, certificate))
}

/// Returns the path of the file through which a server passes its certificate to clients.
pub fn meeting_file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("psom-example-{name}.pem"))
}
