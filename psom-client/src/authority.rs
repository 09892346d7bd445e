//! The certificate authority that a join link names.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use psom::error::SetupError;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use sha2::{Digest as _, Sha256};

/// Bytes in the fingerprint of an authority.
pub(super) const FINGERPRINT_BYTES: usize = 32;

/// Characters of base64 in a line of PEM (RFC 7468, section 2).
const PEM_LINE_CHARS: usize = 64;

/// The authority that a client trusts for one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkAuthority {
    /// The SHA-256 of the authority's certificate. The server sends the certificate in its chain.
    Fingerprint([u8; FINGERPRINT_BYTES]),
    /// The authority's certificate, DER.
    Certificate(Vec<u8>),
}

impl LinkAuthority {
    /// Returns the fingerprint of a certificate in DER.
    #[must_use]
    pub fn fingerprint_of(certificate: &[u8]) -> Self {
        Self::Fingerprint(Sha256::digest(certificate).into())
    }

    /// Returns the certificate as PEM, if it is known.
    #[must_use]
    pub fn pem(&self) -> Option<String> {
        match self {
            Self::Fingerprint(_) => None,
            Self::Certificate(certificate) => Some(pem(certificate)),
        }
    }

    /// Returns the configuration of clients that trust only this authority.
    pub(super) fn client(&self) -> Result<Arc<ClientConfig>, SetupError> {
        match self {
            Self::Fingerprint(fingerprint) => pinned_client(*fingerprint, None),
            Self::Certificate(certificate) => psom::tls::client(pem(certificate).as_bytes()),
        }
    }

    /// Returns the configuration of clients that trust this authority and those of the system.
    pub(super) fn client_with_system(&self) -> Result<Arc<ClientConfig>, SetupError> {
        match self {
            Self::Fingerprint(fingerprint) => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                // There is no verifier on a system without authorities. Then only the pinned
                // authority is trusted.
                pinned_client(*fingerprint, verifier(roots).ok())
            }
            Self::Certificate(certificate) => {
                psom::tls::client_with_system(pem(certificate).as_bytes())
            }
        }
    }

    /// Returns the authority's certificate. If the link has only its fingerprint, searches the
    /// chain that a server has sent.
    pub(super) fn find_in(&self, chain: &[CertificateDer<'_>]) -> Option<Vec<u8>> {
        match self {
            Self::Certificate(certificate) => Some(certificate.clone()),
            Self::Fingerprint(fingerprint) => {
                chain.iter().find(|it| has_fingerprint(it, fingerprint)).map(|it| it.to_vec())
            }
        }
    }
}

fn pem(certificate: &[u8]) -> String {
    let base64 = STANDARD.encode(certificate);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    // Base64 is ASCII, so every index is the boundary of a character.
    for start in (0..base64.len()).step_by(PEM_LINE_CHARS) {
        pem.push_str(&base64[start..base64.len().min(start + PEM_LINE_CHARS)]);
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

fn has_fingerprint(certificate: &[u8], fingerprint: &[u8; FINGERPRINT_BYTES]) -> bool {
    Sha256::digest(certificate).as_slice() == fingerprint
}

/// Verifies a chain that contains an authority with a known fingerprint.
#[derive(Debug)]
struct PinnedVerifier {
    fingerprint: [u8; FINGERPRINT_BYTES],
    /// Verifies chains without that authority.
    system: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let pinned = intermediates.iter().find(|it| has_fingerprint(it, &self.fingerprint));
        let verifier = match (pinned, &self.system) {
            (Some(authority), _) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.clone().into_owned())?;
                verifier(roots)?
            }
            (None, Some(system)) => Arc::clone(system),
            (None, None) => return Err(CertificateError::UnknownIssuer.into()),
        };
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn verifier(roots: RootCertStore) -> Result<Arc<WebPkiServerVerifier>, rustls::Error> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))
}

fn pinned_client(
    fingerprint: [u8; FINGERPRINT_BYTES],
    system: Option<Arc<WebPkiServerVerifier>>,
) -> Result<Arc<ClientConfig>, SetupError> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|source| SetupError::Tls {
            what: "TLS cannot be configured",
            source: source.into(),
        })?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(PinnedVerifier {
            fingerprint,
            system,
            provider: provider(),
        }))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
        KeyPair, KeyUsagePurpose,
    };
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    /// Returns the chain that a server with a new authority sends, and the authority.
    fn chain(host: &str) -> (Vec<CertificateDer<'static>>, Vec<u8>) {
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, "authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let root = authority.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::new(authority, key);
        let mut server = CertificateParams::new([host.to_owned()]).unwrap();
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = server.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        let bytes = root.to_vec();
        (vec![leaf.der().clone(), root], bytes)
    }

    fn verify(authority: &[u8], chain: &[CertificateDer<'static>], name: &str) -> bool {
        let LinkAuthority::Fingerprint(fingerprint) = LinkAuthority::fingerprint_of(authority)
        else {
            unreachable!("this is a fingerprint")
        };
        let verifier = PinnedVerifier { fingerprint, system: None, provider: provider() };
        let name = ServerName::try_from(name.to_owned()).unwrap();
        verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], UnixTime::now()).is_ok()
    }

    #[test]
    fn only_a_chain_to_the_pinned_authority_is_trusted() {
        let (ours, authority) = chain("meet.example");
        let (theirs, other) = chain("meet.example");
        assert!(verify(&authority, &ours, "meet.example"));
        assert!(!verify(&authority, &ours, "other.example"), "the name counts");
        assert!(!verify(&authority, &theirs, "meet.example"), "another authority");
        assert!(!verify(&authority, &ours[..1], "meet.example"), "the authority is missing");
        // A certificate of another authority, with the pinned authority beside it.
        let mixed = [theirs[0].clone(), ours[1].clone(), theirs[1].clone()];
        assert!(!verify(&authority, &mixed, "meet.example"));
        assert!(verify(&other, &mixed, "meet.example"));
        // The certificate of the authority is not valid for a server.
        assert!(!verify(&authority, &[ours[1].clone(), ours[1].clone()], "meet.example"));
    }

    #[test]
    fn pem_contains_the_same_certificate() {
        let (_, authority) = chain("meet.example");
        let pem = LinkAuthority::Certificate(authority.clone()).pem().unwrap();
        assert_eq!(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().as_ref(), authority);
        let fingerprint = LinkAuthority::fingerprint_of(&authority);
        assert_eq!(fingerprint.pem(), None);
        let sent = [CertificateDer::from(authority.clone())];
        assert_eq!(fingerprint.find_in(&sent), Some(authority));
        assert_eq!(fingerprint.find_in(&[]), None);
    }
}
