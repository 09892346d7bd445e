//! TLS, which the protocol requires (section 2.1): 1.2 and 1.3 through rustls.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
pub use rustls::{ClientConfig, ServerConfig};

use crate::Error;

/// A server's configuration, from its certificate chain and its private key in PEM.
///
/// The certificate carries the host that clients connect to as a subject alternative name, and is
/// no authority (`CA:FALSE`): clients refuse an authority in the place of a server's certificate.
pub fn server(chain: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, Error> {
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| setup("the private key is not PEM", &error))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| setup("TLS cannot be set up", &error))?
        .with_no_client_auth()
        .with_single_cert(certificates(chain)?, key)
        .map_err(|error| setup("the certificate and the key do not fit", &error))?;
    Ok(Arc::new(config))
}

/// A client's configuration that trusts the authorities in a PEM file and no others.
pub fn client(authorities: &[u8]) -> Result<Arc<ClientConfig>, Error> {
    let mut roots = rustls::RootCertStore::empty();
    for authority in certificates(authorities)? {
        roots
            .add(authority)
            .map_err(|error| setup("a certificate authority cannot be used", &error))?;
    }
    client_with(roots)
}

/// A client's configuration that trusts the authorities of the operating system.
pub fn system_client() -> Result<Arc<ClientConfig>, Error> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    client_with(roots)
}

fn client_with(roots: rustls::RootCertStore) -> Result<Arc<ClientConfig>, Error> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| setup("TLS cannot be set up", &error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => {
            Err(Error::Setup("there is no certificate in the PEM text".into()))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(setup("the certificates are not PEM", &error)),
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The name that a server's certificate has to carry: the host of its address, or another.
pub(super) fn name(host: &str) -> Result<ServerName<'static>, Error> {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    ServerName::try_from(host.clone())
        .map_err(|_| Error::Setup(format!("{host:?} is no host name; give it as host:port")))
}

/// Why a handshake failed.
pub(super) fn explain(error: &std::io::Error) -> String {
    let why = error.to_string();
    // rustls has no variant of its own for what everybody meets whose certificate is `openssl`'s.
    if why.contains("CaUsedAsEndEntity") {
        return format!("{why}: that certificate is an authority; make one with CA:FALSE");
    }
    why
}

fn setup(what: &str, error: &dyn std::fmt::Display) -> Error {
    Error::Setup(format!("{what}: {error}"))
}
