//! A certificate that browsers trust, from files that another program creates and renews.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use rustls::{
    RootCertStore,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    server::{ClientHello, ParsedCertificate, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::names::{ALTERNATIVE_NAME, unix_time};
use crate::start_error::StartError;

/// The files of a certificate that browsers trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificatePaths {
    /// The certificate and the intermediate certificates that lead to its authority, PEM.
    pub chain: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

/// The certificates of a server's listeners, chosen by the name that a client asks for.
///
/// Join links name [`ALTERNATIVE_NAME`] and the server's own authority, so they stay valid when the public
/// certificate is renewed by another authority. Every other client gets the public certificate.
pub(crate) struct Certificates {
    own: Arc<CertifiedKey>,
    public: RwLock<Arc<CertifiedKey>>,
    paths: CertificatePaths,
}

impl Certificates {
    pub(super) fn load(own: CertifiedKey, paths: &CertificatePaths) -> Result<Self, StartError> {
        let public = RwLock::new(Arc::new(certified_key(paths)?));
        Ok(Self { own: Arc::new(own), public, paths: paths.clone() })
    }

    /// Reads the files again. New connections use the new certificate.
    ///
    /// # Errors
    /// A file cannot be used. The certificate that was loaded before stays in use.
    pub(crate) fn reload(&self) -> Result<(), StartError> {
        let public = Arc::new(certified_key(&self.paths)?);
        *self.public.write().unwrap_or_else(PoisonError::into_inner) = public;
        Ok(())
    }

    fn public(&self) -> Arc<CertifiedKey> {
        self.public.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the problems of the public certificate: browsers will not trust it for this host, or
    /// other users can read its key. Returns nothing if there are none.
    pub(crate) fn problems(&self, host: &str, roots: &RootCertStore) -> Vec<String> {
        let mut problems = Vec::new();
        let chain = self.paths.chain.display();
        if let Err(why) = trusted(&self.public().cert, host, roots) {
            problems.push(format!("browsers will not trust {chain} for {host}: {why}"));
        }
        if others_can_read(&self.paths.key) {
            let key = self.paths.key.display();
            problems
                .push(format!("other users of this machine can read {key}; run: chmod 600 {key}"));
        }
        problems
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let is_own = hello.server_name() == Some(ALTERNATIVE_NAME);
        Some(if is_own { Arc::clone(&self.own) } else { self.public() })
    }
}

impl fmt::Debug for Certificates {
    /// Leaves out the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("paths", &self.paths).finish_non_exhaustive()
    }
}

/// Returns the authorities of this machine's system, which are usually those of its browsers.
pub(crate) fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn certified_key(paths: &CertificatePaths) -> Result<CertifiedKey, StartError> {
    let invalid = |path: &Path, reason: &dyn fmt::Display| StartError::PublicCertificate {
        path: path.to_owned(),
        reason: reason.to_string(),
    };
    let read = |path: &Path| fs::read(path).map_err(|error| invalid(path, &error));
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(&paths.chain)?).collect();
    let chain = chain.map_err(|error| invalid(&paths.chain, &error))?;
    if chain.is_empty() {
        return Err(invalid(&paths.chain, &"it contains no certificate"));
    }
    let key = PrivateKeyDer::from_pem_slice(&read(&paths.key)?)
        .map_err(|error| invalid(&paths.key, &error))?;
    CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            invalid(&paths.key, &format!("it is not the key of {}", paths.chain.display()))
        }
        error => invalid(&paths.chain, &error),
    })
}

/// Checks that a chain leads to one of the authorities, and that it is valid now and for a host.
/// The error completes "will not trust it".
fn trusted(
    chain: &[CertificateDer<'static>],
    host: &str,
    roots: &RootCertStore,
) -> Result<(), String> {
    let text = |error: rustls::Error| error.to_string();
    let (leaf, intermediates) = chain.split_first().ok_or("it contains no certificate")?;
    let leaf = ParsedCertificate::try_from(leaf).map_err(text)?;
    let host = ServerName::try_from(host).map_err(|error| error.to_string())?;
    verify_server_name(&leaf, &host)
        .map_err(|_| "it does not name this host; give the name in it with --host".to_owned())?;
    let now = unix_time(SystemTime::now()).map_err(|error| error.to_string())?;
    let algorithms = default_provider().signature_verification_algorithms.all;
    verify_server_cert_signed_by_trust_anchor(&leaf, roots, intermediates, now, algorithms)
        .map_err(text)
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    /// The permission of users who are neither the owner nor in the group to read a file.
    const OTHERS_READ: u32 = 0o004;
    fs::metadata(path).is_ok_and(|about| about.permissions().mode() & OTHERS_READ != 0)
}

#[cfg(not(unix))]
fn others_can_read(_: &Path) -> bool {
    false
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::{testing::Directory, tls::Identity};

    /// Creates the certificate of another authority, and returns its files and a store with that authority.
    fn public(directory: &Path, host: &str) -> (CertificatePaths, RootCertStore) {
        Identity::open(directory, &[host]).unwrap();
        let authority = fs::read(directory.join("ca.pem")).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&authority).unwrap()).unwrap();
        let (chain, key) = (directory.join("server.pem"), directory.join("server.key"));
        (CertificatePaths { chain, key }, roots)
    }

    fn load(own: &Directory, paths: &CertificatePaths) -> Result<Arc<Certificates>, StartError> {
        let identity = Identity::open(own, &[]).unwrap().with_public(own, paths)?;
        Ok(identity.certificates.unwrap())
    }

    #[test]
    fn trusted_certificate_has_no_problems() {
        let (own, other) = (Directory::new(), Directory::new());
        let (paths, roots) = public(&other, "meet.example");
        let certificates = load(&own, &paths).unwrap();
        assert!(certificates.problems("meet.example", &roots).is_empty());
        let problems = certificates.problems("other.example", &roots);
        assert!(problems[0].contains("for other.example: it does not name this host"));
        let problems = certificates.problems("meet.example", &RootCertStore::empty());
        assert!(problems[0].starts_with("browsers will not trust "), "{problems:?}");
        assert_eq!(problems.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn key_that_others_can_read_is_reported() {
        use std::os::unix::fs::PermissionsExt as _;
        let (own, other) = (Directory::new(), Directory::new());
        let (paths, roots) = public(&other, "meet.example");
        fs::set_permissions(&paths.key, fs::Permissions::from_mode(0o644)).unwrap();
        let problems = load(&own, &paths).unwrap().problems("meet.example", &roots);
        assert!(problems.len() == 1 && problems[0].contains("; run: chmod 600 "), "{problems:?}");
    }

    #[test]
    fn renewed_certificate_is_loaded_and_a_damaged_one_is_not() {
        let (own, other, third) = (Directory::new(), Directory::new(), Directory::new());
        let (paths, roots) = public(&other, "meet.example");
        let certificates = load(&own, &paths).unwrap();
        let (renewed, new_roots) = public(&third, "meet.example");
        fs::copy(&renewed.chain, &paths.chain).unwrap();
        let error = certificates.reload().unwrap_err().to_string();
        assert!(error.contains("it is not the key of"), "{error}");
        assert!(certificates.problems("meet.example", &roots).is_empty());
        fs::copy(&renewed.key, &paths.key).unwrap();
        certificates.reload().unwrap();
        assert!(certificates.problems("meet.example", &new_roots).is_empty());
    }

    #[test]
    fn unusable_files_are_reported_in_one_line() {
        let (own, other) = (Directory::new(), Directory::new());
        let (paths, _) = public(&other, "meet.example");
        for (path, text) in [(&paths.chain, ""), (&paths.key, "no PEM")] {
            let before = fs::read(path).unwrap();
            fs::write(path, text).unwrap();
            let error = load(&own, &paths).unwrap_err().to_string();
            assert!(
                error.contains(&path.display().to_string()) && !error.contains('\n'),
                "{error}"
            );
            fs::write(path, before).unwrap();
        }
        let missing = CertificatePaths { chain: "missing.pem".into(), ..paths };
        assert!(load(&own, &missing).unwrap_err().to_string().contains("missing.pem"));
    }
}
