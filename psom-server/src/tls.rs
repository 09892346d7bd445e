//! The server's own certificate authority and certificate.
//!
//! They are made on the first start and kept in the data directory: `ca.pem`, `ca.key`,
//! `server.pem`, `server.key`, the keys readable by their owner alone. Where the host has changed,
//! the same authority certifies a new server certificate, so that links and clients that trust it
//! stay good.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    RootCertStore,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};

use crate::{StartError, private};

/// The name that the server's certificate always carries, whatever its host is called
/// (`alternativeName`).
pub const ALTERNATIVE_NAME: &str = "psom-server";

/// Certificate and key of a server, and the authority that clients are to trust.
#[derive(Debug, Clone)]
pub struct Identity {
    /// For listeners.
    pub server: Arc<rustls::ServerConfig>,
    /// For connections to servers of the same authority.
    pub client: Arc<rustls::ClientConfig>,
    /// The authority's certificate, DER.
    pub authority: Vec<u8>,
}

impl Identity {
    /// Loads the identity in a directory, or makes one, so that it is good for these hosts.
    pub fn open(directory: &Path, hosts: &[&str]) -> Result<Self, StartError> {
        unix_time(SystemTime::now())?;
        let files = Files::of(directory);
        if !files.authority.exists() {
            files.make_authority()?;
        }
        let names = names(hosts)?;
        if !files.certificate.exists() || !files.is_good_for(&names)? {
            files.certify(&names)?;
        }
        files.load()
    }
}

/// The time by which certificates are judged. Ours are valid from 1975 on.
fn unix_time(now: SystemTime) -> Result<UnixTime, StartError> {
    const IN_1975: Duration = Duration::from_secs(157_766_400);
    let since = now.duration_since(SystemTime::UNIX_EPOCH).ok();
    let since = since.filter(|since| *since >= IN_1975).ok_or(StartError::Clock)?;
    Ok(UnixTime::since_unix_epoch(since))
}

/// The names of a certificate for these hosts.
fn names(hosts: &[&str]) -> Result<Vec<String>, StartError> {
    let always = ["localhost", "127.0.0.1", "::1", ALTERNATIVE_NAME];
    let mut names: Vec<String> = Vec::new();
    for name in always.iter().chain(hosts) {
        // Upper case would not be found again.
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

struct Files {
    directory: PathBuf,
    authority: PathBuf,
    authority_key: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn of(directory: &Path) -> Self {
        Self {
            directory: directory.into(),
            authority: directory.join("ca.pem"),
            authority_key: directory.join("ca.key"),
            certificate: directory.join("server.pem"),
            key: directory.join("server.key"),
        }
    }

    fn make_authority(&self) -> Result<(), StartError> {
        // With its key an authority is the same again: links and certificates stay good.
        let has_key = self.authority_key.exists();
        let key = match has_key {
            true => self.authority_key()?,
            false => KeyPair::generate().map_err(other)?,
        };
        let certificate = authority_params().self_signed(&key).map_err(other)?;
        // The certificate last: it says that the authority is complete.
        if !has_key {
            self.write(&self.authority_key, &key.serialize_pem())?;
        }
        self.write(&self.authority, &certificate.pem())?;
        if has_key {
            return Ok(());
        }
        // An older authority's certificate is no good any more.
        match fs::remove_file(&self.certificate) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(self.data(source)),
            _ => Ok(()),
        }
    }

    fn authority_key(&self) -> Result<KeyPair, StartError> {
        let bad =
            |why: String| self.bad_authority(format!("{}: {why}", self.authority_key.display()));
        let pem =
            fs::read_to_string(&self.authority_key).map_err(|error| bad(error.to_string()))?;
        KeyPair::from_pem(&pem).map_err(|error| bad(error.to_string()))
    }

    /// Has the authority make a certificate.
    fn certify(&self, names: &[String]) -> Result<(), StartError> {
        if !self.authority_key.exists() {
            return Err(self.bad(format!(
                "{} does not name {}, and without {} no other can be made",
                self.certificate.display(),
                names.join(", "),
                self.authority_key.display()
            )));
        }
        let issuer = Issuer::new(authority_params(), self.authority_key()?);
        let mut params = CertificateParams::new(names).map_err(other)?;
        params.distinguished_name.push(DnType::CommonName, ALTERNATIVE_NAME);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(other)?;
        let certificate = params.signed_by(&key, &issuer).map_err(other)?;
        self.write(&self.key, &key.serialize_pem())?;
        self.write(&self.certificate, &certificate.pem())
    }

    /// Whether the certificate names all of these hosts. One that its authority did not make is an
    /// error.
    fn is_good_for(&self, names: &[String]) -> Result<bool, StartError> {
        let authority = self.authority()?;
        let chain = self.chain()?;
        let Some((leaf, intermediates)) = chain.split_first() else {
            return Err(self.bad(format!("{} is empty", self.certificate.display())));
        };
        let leaf = ParsedCertificate::try_from(leaf)
            .map_err(|error| self.bad(format!("{}: {error}", self.certificate.display())))?;
        let mut roots = RootCertStore::empty();
        roots.add(authority).map_err(|error| {
            self.bad_authority(format!("{}: {error}", self.authority.display()))
        })?;
        let algorithms =
            rustls::crypto::ring::default_provider().signature_verification_algorithms.all;
        let now = unix_time(SystemTime::now())?;
        let verify = verify_server_cert_signed_by_trust_anchor;
        verify(&leaf, &roots, intermediates, now, algorithms).map_err(|error| {
            let (certificate, authority) = (self.certificate.display(), self.authority.display());
            self.bad(format!("{certificate} is not certified by {authority} ({error})"))
        })?;
        let named = |name: &String| {
            ServerName::try_from(name.as_str())
                .is_ok_and(|name| verify_server_name(&leaf, &name).is_ok())
        };
        Ok(names.iter().all(named))
    }

    fn load(&self) -> Result<Identity, StartError> {
        let bad = |error: psom::error::SetupError| self.bad(error.to_string());
        let chain = self.read(&self.certificate)?;
        let key = self.read(&self.key)?;
        let server = psom::tls::server(chain.as_bytes(), key.as_bytes()).map_err(bad)?;
        let authorities = self.read(&self.authority)?;
        let client = psom::tls::client(authorities.as_bytes()).map_err(bad)?;
        Ok(Identity { server, client, authority: self.authority()?.to_vec() })
    }

    fn authority(&self) -> Result<CertificateDer<'static>, StartError> {
        CertificateDer::from_pem_slice(self.read(&self.authority)?.as_bytes()).map_err(|error| {
            self.bad_authority(format!("{} is no certificate: {error}", self.authority.display()))
        })
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, StartError> {
        let pem = self.read(&self.certificate)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        chain.map_err(|error| {
            self.bad(format!("{} is no certificate: {error}", self.certificate.display()))
        })
    }

    fn read(&self, path: &Path) -> Result<String, StartError> {
        fs::read_to_string(path)
            .map_err(|error| self.bad(format!("cannot read {}: {error}", path.display())))
    }

    fn write(&self, path: &Path, pem: &str) -> Result<(), StartError> {
        private::replace(path, pem.as_bytes()).map_err(|source| self.data(source))
    }

    fn data(&self, source: io::Error) -> StartError {
        StartError::Data { path: self.directory.clone(), source }
    }

    fn bad(&self, reason: String) -> StartError {
        let (certificate, key) = (self.certificate.clone(), self.key.clone());
        StartError::Certificate { reason, certificate, key }
    }

    fn bad_authority(&self, reason: String) -> StartError {
        let (certificate, key) = (self.authority.clone(), self.authority_key.clone());
        StartError::Certificate { reason, certificate, key }
    }
}

/// The same each time: with the key, they are all that a certificate says of its issuer. The
/// authority does not expire, since nobody but this server's own clients trusts it.
fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "psom-server authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn other(error: rcgen::Error) -> StartError {
    StartError::Other(format!("no certificate can be made: {error}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::testing::Directory;

    fn texts(directory: &Path) -> Vec<String> {
        let read = |name| fs::read_to_string(directory.join(name)).unwrap();
        ["ca.pem", "ca.key", "server.pem", "server.key"].map(read).into()
    }

    #[test]
    fn an_identity_is_made_once_and_certified_again_for_another_host() {
        let directory = Directory::new();
        let first = Identity::open(&directory, &["127.0.0.1"]).unwrap();
        let before = texts(&directory);
        let second = Identity::open(&directory, &["127.0.0.1"]).unwrap();
        assert_eq!((texts(&directory), second.authority), (before.clone(), first.authority));
        Identity::open(&directory, &["Meet.example", "10.1.2.3"]).unwrap();
        let after = texts(&directory);
        assert_eq!(after[..2], before[..2], "the authority stays");
        assert_ne!(after[2], before[2]);
        Identity::open(&directory, &["meet.example"]).unwrap();
        assert_eq!(texts(&directory), after);
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let directory = Directory::new();
        Identity::open(&directory, &[]).unwrap();
        for name in ["ca.key", "server.key"] {
            let mode = fs::metadata(directory.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn what_is_broken_is_said_in_one_line() {
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
        assert!(error.contains("is not certified by"), "{error}");
        assert!(matches!(Identity::open(&ours, &["a b"]), Err(StartError::Host(_))));
    }

    #[test]
    fn an_authority_is_the_same_again_by_its_key() {
        let directory = Directory::new();
        Identity::open(&directory, &["meet.example"]).unwrap();
        let before = texts(&directory);
        fs::remove_file(directory.join("ca.pem")).unwrap();
        Identity::open(&directory, &["meet.example"]).unwrap();
        assert_eq!(texts(&directory)[1..], before[1..]);
        // Whoever trusts the certificate of before trusts what is certified from here on.
        Identity::open(&directory, &["other.example"]).unwrap();
        fs::write(directory.join("ca.pem"), &before[0]).unwrap();
        Identity::open(&directory, &["other.example"]).unwrap();
        // A key that is none is not written over.
        fs::remove_file(directory.join("ca.pem")).unwrap();
        fs::write(directory.join("ca.key"), "not PEM").unwrap();
        let error = Identity::open(&directory, &[]).unwrap_err().to_string();
        assert!(error.contains("ca.key: ") && error.contains("; remove "), "{error}");
    }

    #[test]
    fn a_clock_that_cannot_be_right_is_said() {
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
    fn the_key_of_the_authority_may_be_kept_elsewhere() {
        let directory = Directory::new();
        Identity::open(&directory, &["meet.example"]).unwrap();
        fs::remove_file(directory.join("ca.key")).unwrap();
        Identity::open(&directory, &["meet.example"]).unwrap();
        let error = Identity::open(&directory, &["other.example"]).unwrap_err().to_string();
        assert!(error.contains("no other can be made"), "{error}");
    }
}
