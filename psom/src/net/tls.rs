//! TLS 1.2 and 1.3 with rustls. The protocol requires TLS (section 2.1).

use std::sync::Arc;

use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, ServerName,
    pem::{self, PemObject as _},
};
pub use rustls::{ClientConfig, ServerConfig};

use crate::error::{LostReason, SetupError};

/// Creates a server's configuration from its certificate chain and its private key in PEM.
///
/// The certificate must contain the host to which clients connect as a subject alternative name. It
/// must not be a certificate authority (`CA:FALSE`), because clients reject an authority as a
/// server's certificate.
pub fn server(chain: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, SetupError> {
    let key = PrivateKeyDer::from_pem_slice(key).map_err(not_pem("private key"))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(rejected("TLS cannot be configured"))?
        .with_no_client_auth()
        .with_single_cert(certificates(chain)?, key)
        .map_err(rejected("the certificate does not match the key"))?;
    Ok(Arc::new(config))
}

/// Creates a client's configuration that trusts only the authorities in a PEM text.
pub fn client(authorities: &[u8]) -> Result<Arc<ClientConfig>, SetupError> {
    let mut roots = rustls::RootCertStore::empty();
    for authority in certificates(authorities)? {
        roots.add(authority).map_err(rejected("a certificate authority cannot be used"))?;
    }
    client_with(roots)
}

/// Creates a client's configuration that trusts the authorities of the operating system.
pub fn system_client() -> Result<Arc<ClientConfig>, SetupError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    client_with(roots)
}

/// Creates a client's configuration that trusts the authorities in a PEM text and those of the operating
/// system.
pub fn client_with_system(authorities: &[u8]) -> Result<Arc<ClientConfig>, SetupError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(certificates(authorities)?);
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    client_with(roots)
}

fn client_with(roots: rustls::RootCertStore) -> Result<Arc<ClientConfig>, SetupError> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(rejected("TLS cannot be configured"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(SetupError::NoCertificate),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(not_pem("certificates")(error)),
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Parses the name that a server's certificate must contain.
pub(crate) fn name(host: &str) -> Result<ServerName<'static>, SetupError> {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    ServerName::try_from(host.clone()).map_err(|_| SetupError::HostName(host))
}

/// Converts the failure to reach an address. A certificate from `openssl req -x509` is an authority,
/// which is a common mistake, so its error names the remedy.
pub(crate) fn connect_error(address: &str, reason: LostReason) -> SetupError {
    let address = address.to_owned();
    match reason {
        LostReason::Tls(source) if is_authority_certificate(&source) => {
            SetupError::AuthorityCertificate { address, source }
        }
        source => SetupError::Connect { address, source },
    }
}

/// Reports whether a server's certificate was rejected because it is an authority. rustls has no
/// variant for this error and keeps the verifier's error.
fn is_authority_certificate(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) = error else {
        return false;
    };
    matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

fn rejected(what: &'static str) -> impl FnOnce(rustls::Error) -> SetupError {
    move |source| SetupError::Tls { what, source: source.into() }
}

fn not_pem(what: &'static str) -> impl FnOnce(pem::Error) -> SetupError {
    move |source| SetupError::Pem { what, source: source.into() }
}
