//! The server's own certificate authority and certificate.
//!
//! The first start creates them in the data directory: `ca.pem`, `ca.key`, `server.pem`, `server.key`, and
//! `server.names` with the names in the certificate.
//! Only their owner can read the keys. If the host changes, the same authority signs a new server
//! certificate, so that links and clients that trust the authority stay valid.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    RootCertStore,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    server::ParsedCertificate,
    sign::CertifiedKey,
};

use super::{
    names::{ALTERNATIVE_NAME, unix_time},
    public::{CertificatePaths, Certificates},
};
use crate::{shared::private_files, start_error::StartError};

/// Upper bound on the names in a certificate. Beyond it, the oldest names are left out, so that the
/// certificate of a machine whose address changes often does not grow without end.
const MAX_NAMES: usize = 64;

/// The TLS configuration of a server, and the certificate authority that its clients trust.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The configuration of listeners.
    pub server: Arc<rustls::ServerConfig>,
    /// The configuration of clients that trust the same authority.
    pub client: Arc<rustls::ClientConfig>,
    /// The certificate of the authority, DER.
    pub authority: Vec<u8>,
    /// The certificates of the listeners, if one of them is public.
    pub(crate) certificates: Option<Arc<Certificates>>,
}

impl Identity {
    /// Loads the identity in a directory, or creates one, and makes sure that the certificate names these
    /// hosts.
    ///
    /// # Errors
    /// A file cannot be read or written, a certificate is invalid, or the clock is wrong.
    pub fn open(directory: &Path, hosts: &[&str]) -> Result<Self, StartError> {
        unix_time(SystemTime::now())?;
        let files = CertificateFiles::in_directory(directory);
        if !files.exists(&files.authority)? {
            files.create_authority()?;
        }
        let mut names = certificate_names(hosts)?;
        // Links of earlier runs have the earlier hosts, and stay valid if these still lead here.
        for earlier in files.earlier_names() {
            if !names.contains(&earlier) && names.len() < MAX_NAMES {
                names.push(earlier);
            }
        }
        if !files.exists(&files.certificate)? || !files.names_all(&names)? {
            files.certify(&names)?;
        }
        files.remember(&names)?;
        files.load()
    }

    /// Makes the listeners use another certificate for clients that do not ask for the server's own.
    /// `directory` is that of [`open`](Self::open).
    ///
    /// # Errors
    /// The files cannot be used.
    pub(crate) fn with_public(
        self,
        directory: &Path,
        paths: &CertificatePaths,
    ) -> Result<Self, StartError> {
        let own = CertificateFiles::in_directory(directory).certified_key()?;
        let certificates = Arc::new(Certificates::load(own, paths)?);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| StartError::PublicCertificate {
                path: paths.chain.clone(),
                reason: error.to_string(),
            })?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Certificates>::clone(&certificates));
        Ok(Self { server: Arc::new(server), certificates: Some(certificates), ..self })
    }
}

/// Returns the names in a certificate for these hosts.
fn certificate_names(hosts: &[&str]) -> Result<Vec<String>, StartError> {
    let always = ["localhost", "127.0.0.1", "::1", ALTERNATIVE_NAME];
    let mut names: Vec<String> = Vec::new();
    for name in always.iter().chain(hosts) {
        // Verification compares lower-case names.
        let name = name.to_ascii_lowercase();
        if ServerName::try_from(name.as_str()).is_err() {
            return Err(StartError::Host(name));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// The paths of the identity's files.
struct CertificateFiles {
    directory: PathBuf,
    authority: PathBuf,
    authority_key: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
    /// The names in the certificate, a line each, the latest first.
    names: PathBuf,
}

impl CertificateFiles {
    fn in_directory(directory: &Path) -> Self {
        Self {
            directory: directory.into(),
            authority: directory.join("ca.pem"),
            authority_key: directory.join("ca.key"),
            certificate: directory.join("server.pem"),
            key: directory.join("server.key"),
            names: directory.join("server.names"),
        }
    }

    /// Returns the names that earlier certificates had; none if they are not known.
    fn earlier_names(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.names).unwrap_or_default();
        let is_name = |name: &&str| ServerName::try_from(*name).is_ok();
        text.lines().filter(is_name).map(str::to_owned).collect()
    }

    fn remember(&self, names: &[String]) -> Result<(), StartError> {
        if self.earlier_names() == names {
            return Ok(());
        }
        self.write(&self.names, &names.join("\n"))
    }

    /// Reports whether a file exists. A file that cannot be read must not be replaced.
    fn exists(&self, file: &Path) -> Result<bool, StartError> {
        file.try_exists().map_err(|source| self.data(source))
    }

    fn create_authority(&self) -> Result<(), StartError> {
        // A certificate for an existing key is the same authority again, so links stay valid.
        let has_key = self.exists(&self.authority_key)?;
        let key = if has_key {
            self.authority_key()?
        } else {
            KeyPair::generate().map_err(StartError::CreateCertificate)?
        };
        let certificate =
            authority_params().self_signed(&key).map_err(StartError::CreateCertificate)?;
        // The certificate comes last, because its existence means that the authority is complete.
        if !has_key {
            self.write(&self.authority_key, &key.serialize_pem())?;
        }
        self.write(&self.authority, &certificate.pem())?;
        if has_key {
            return Ok(());
        }
        // A server certificate of an older authority is invalid now.
        match fs::remove_file(&self.certificate) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(self.data(source)),
            _ => Ok(()),
        }
    }

    fn authority_key(&self) -> Result<KeyPair, StartError> {
        let invalid = |error: &dyn std::fmt::Display| {
            self.invalid_authority(format!("{}: {error}", self.authority_key.display()))
        };
        let pem = fs::read_to_string(&self.authority_key).map_err(|error| invalid(&error))?;
        KeyPair::from_pem(&pem).map_err(|error| invalid(&error))
    }

    /// Creates a server certificate that the authority signs.
    fn certify(&self, names: &[String]) -> Result<(), StartError> {
        if !self.exists(&self.authority_key)? {
            return Err(self.invalid(format!(
                "{} does not name {}, and without {} no other certificate can be created",
                self.certificate.display(),
                names.join(", "),
                self.authority_key.display()
            )));
        }
        let issuer = Issuer::new(authority_params(), self.authority_key()?);
        let mut params = CertificateParams::new(names).map_err(StartError::CreateCertificate)?;
        params.distinguished_name.push(DnType::CommonName, ALTERNATIVE_NAME);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(StartError::CreateCertificate)?;
        let certificate = params.signed_by(&key, &issuer).map_err(StartError::CreateCertificate)?;
        self.write(&self.key, &key.serialize_pem())?;
        self.write(&self.certificate, &certificate.pem())
    }

    /// Reports whether the certificate has all of these names.
    ///
    /// # Errors
    /// The certificate is invalid, or another authority signed it.
    fn names_all(&self, names: &[String]) -> Result<bool, StartError> {
        let authority = self.authority()?;
        let chain = self.chain()?;
        let Some((leaf, intermediates)) = chain.split_first() else {
            return Err(self.invalid(format!("{} is empty", self.certificate.display())));
        };
        let leaf = ParsedCertificate::try_from(leaf)
            .map_err(|error| self.invalid(format!("{}: {error}", self.certificate.display())))?;
        let mut roots = RootCertStore::empty();
        roots.add(authority).map_err(|error| {
            self.invalid_authority(format!("{}: {error}", self.authority.display()))
        })?;
        let algorithms =
            rustls::crypto::ring::default_provider().signature_verification_algorithms.all;
        let now = unix_time(SystemTime::now())?;
        let verify = verify_server_cert_signed_by_trust_anchor;
        verify(&leaf, &roots, intermediates, now, algorithms).map_err(|error| {
            let (certificate, authority) = (self.certificate.display(), self.authority.display());
            self.invalid(format!("{certificate} was not signed by {authority} ({error})"))
        })?;
        let has_name = |name: &String| {
            ServerName::try_from(name.as_str())
                .is_ok_and(|name| verify_server_name(&leaf, &name).is_ok())
        };
        Ok(names.iter().all(has_name))
    }

    fn load(&self) -> Result<Identity, StartError> {
        let invalid = |error: psom::error::SetupError| self.invalid(error.to_string());
        let authorities = self.read(&self.authority)?;
        // Join links have only the fingerprint of the authority, so its certificate is sent as well.
        let chain = [self.read(&self.certificate)?, authorities.clone()].join("\n");
        let key = self.read(&self.key)?;
        let server = psom::tls::server(chain.as_bytes(), key.as_bytes()).map_err(invalid)?;
        let client = psom::tls::client(authorities.as_bytes()).map_err(invalid)?;
        let authority = self.authority()?.to_vec();
        Ok(Identity { server, client, authority, certificates: None })
    }

    fn certified_key(&self) -> Result<CertifiedKey, StartError> {
        let key = PrivateKeyDer::from_pem_slice(self.read(&self.key)?.as_bytes())
            .map_err(|error| self.invalid(format!("{}: {error}", self.key.display())))?;
        let mut chain = self.chain()?;
        chain.push(self.authority()?);
        CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider())
            .map_err(|error| self.invalid(error.to_string()))
    }

    fn authority(&self) -> Result<CertificateDer<'static>, StartError> {
        CertificateDer::from_pem_slice(self.read(&self.authority)?.as_bytes()).map_err(|error| {
            self.invalid_authority(format!(
                "{} is not a certificate: {error}",
                self.authority.display()
            ))
        })
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, StartError> {
        let pem = self.read(&self.certificate)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        chain.map_err(|error| {
            self.invalid(format!("{} is not a certificate: {error}", self.certificate.display()))
        })
    }

    fn read(&self, path: &Path) -> Result<String, StartError> {
        fs::read_to_string(path)
            .map_err(|error| self.invalid(format!("cannot read {}: {error}", path.display())))
    }

    fn write(&self, path: &Path, pem: &str) -> Result<(), StartError> {
        private_files::replace(path, pem.as_bytes()).map_err(|source| self.data(source))
    }

    fn data(&self, source: io::Error) -> StartError {
        StartError::Data { path: self.directory.clone(), source }
    }

    fn invalid(&self, reason: String) -> StartError {
        let (certificate, key) = (self.certificate.clone(), self.key.clone());
        StartError::Certificate { reason, certificate, key }
    }

    fn invalid_authority(&self, reason: String) -> StartError {
        let (certificate, key) = (self.authority.clone(), self.authority_key.clone());
        StartError::Certificate { reason, certificate, key }
    }
}

/// Returns the parameters of the authority's certificate. They must never change: together with the key,
/// they identify the issuer of older certificates. The authority does not expire, because only this
/// server's own clients trust it.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "psom-server authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::Directory;

    fn texts(directory: &Path) -> Vec<String> {
        let read = |name| fs::read_to_string(directory.join(name)).unwrap();
        ["ca.pem", "ca.key", "server.pem", "server.key"].map(read).into()
    }

    #[test]
    fn identity_is_created_once_and_certified_again_for_a_new_host() {
        let directory = Directory::new();
        let first = Identity::open(&directory, &["127.0.0.1"]).unwrap();
        let before = texts(&directory);
        let second = Identity::open(&directory, &["127.0.0.1"]).unwrap();
        assert_eq!((texts(&directory), second.authority), (before.clone(), first.authority));
        Identity::open(&directory, &["Meet.example", "10.1.2.3"]).unwrap();
        let after = texts(&directory);
        assert_eq!(after[..2], before[..2], "the authority stays the same");
        assert_ne!(after[2], before[2]);
        Identity::open(&directory, &["meet.example"]).unwrap();
        assert_eq!(texts(&directory), after);
    }

    #[test]
    fn certificates_keep_the_names_of_earlier_hosts() {
        let directory = Directory::new();
        let files = CertificateFiles::in_directory(&directory);
        let names =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        for hosts in [["old.example", "192.0.2.1"], ["new.example", "2001:db8::1"], ["a.b", "c.d"]]
        {
            Identity::open(&directory, &hosts).unwrap();
            assert!(files.names_all(&names(&hosts)).unwrap());
            assert!(files.names_all(&names(&["old.example", "192.0.2.1"])).unwrap());
        }
        assert!(!files.names_all(&names(&["other.example"])).unwrap());
        // Without the list, the certificate is that of the current host.
        fs::write(directory.join("server.names"), "not a name\n").unwrap();
        Identity::open(&directory, &["new.example"]).unwrap();
        assert!(files.names_all(&names(&["new.example"])).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_keys() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = Directory::new();
        Identity::open(&directory, &[]).unwrap();
        for name in ["ca.key", "server.key"] {
            let mode = fs::metadata(directory.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn damaged_files_are_reported_in_one_line() {
        for name in ["ca.pem", "server.pem", "server.key"] {
            let directory = Directory::new();
            Identity::open(&directory, &[]).unwrap();
            fs::write(directory.join(name), "not PEM").unwrap();
            let error = Identity::open(&directory, &[]).unwrap_err().to_string();
            assert!(error.contains("; remove ") && !error.contains('\n'), "{error}");
        }
        // A certificate of another authority.
        let (ours, theirs) = (Directory::new(), Directory::new());
        Identity::open(&ours, &[]).unwrap();
        Identity::open(&theirs, &[]).unwrap();
        fs::copy(theirs.join("server.pem"), ours.join("server.pem")).unwrap();
        let error = Identity::open(&ours, &[]).unwrap_err().to_string();
        assert!(error.contains("was not signed by"), "{error}");
        assert!(matches!(Identity::open(&ours, &["a b"]), Err(StartError::Host(_))));
    }

    #[test]
    fn authority_is_restored_from_its_key() {
        let directory = Directory::new();
        Identity::open(&directory, &["meet.example"]).unwrap();
        let before = texts(&directory);
        fs::remove_file(directory.join("ca.pem")).unwrap();
        Identity::open(&directory, &["meet.example"]).unwrap();
        assert_eq!(texts(&directory)[1..], before[1..]);
        // The lost certificate of the authority still verifies certificates that are signed from
        // here on.
        Identity::open(&directory, &["other.example"]).unwrap();
        fs::write(directory.join("ca.pem"), &before[0]).unwrap();
        Identity::open(&directory, &["other.example"]).unwrap();
        // An invalid key is not overwritten.
        fs::remove_file(directory.join("ca.pem")).unwrap();
        fs::write(directory.join("ca.key"), "not PEM").unwrap();
        let error = Identity::open(&directory, &[]).unwrap_err().to_string();
        assert!(error.contains("ca.key: ") && error.contains("; remove "), "{error}");
    }

    #[test]
    fn wrong_clock_is_reported() {
        for seconds in [-1, 0, 157_766_399] {
            let time = match u64::try_from(seconds) {
                Ok(seconds) => SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
                Err(_) => SystemTime::UNIX_EPOCH - Duration::from_secs(1),
            };
            assert!(matches!(unix_time(time), Err(StartError::Clock)), "{seconds}");
        }
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(157_766_400);
        assert_eq!(unix_time(time).unwrap().as_secs(), 157_766_400);
    }

    #[test]
    fn authority_key_can_be_stored_elsewhere() {
        let directory = Directory::new();
        Identity::open(&directory, &["meet.example"]).unwrap();
        fs::remove_file(directory.join("ca.key")).unwrap();
        Identity::open(&directory, &["meet.example"]).unwrap();
        let error = Identity::open(&directory, &["other.example"]).unwrap_err().to_string();
        assert!(error.contains("no other certificate can be created"), "{error}");
    }
}
