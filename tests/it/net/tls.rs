//! TLS on the listener (section 2.1).

use psom::{
    Client, Error,
    error::{LostReason, SetupError},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::common::{certificate, client_root, eventually, fixture, fixture_with};

#[tokio::test]
async fn broadcast_reaches_all_clients_over_tls() {
    let fixture = fixture().await;
    let (ada, mut ada_heard) = fixture.join(1).await;
    let (_grace, mut grace_heard) = fixture.join(2).await;
    ada.root().s_say("hello").await.unwrap();
    assert_eq!(ada_heard.recv().await.unwrap(), (1, "hello".into()));
    assert_eq!(grace_heard.recv().await.unwrap(), (1, "hello".into()));
}

#[tokio::test]
async fn plain_text_on_the_listener_is_refused() {
    let fixture = fixture().await;
    let mut stream = TcpStream::connect(&fixture.address).await.unwrap();
    // The authentication of section 4.1.1 in plain text.
    stream.write_all(b"pw2\0\0\0\0\0\0\0\0\x04good").await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"pw2"), "{answer:02x?}");
    eventually(async || fixture.server.stats().refused == 1).await;
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_supported() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let identity = psom::tls::server(chain.as_bytes(), key.as_bytes()).unwrap();
        let fixture = fixture_with(Default::default(), |builder| builder.tls(identity)).await;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let provider = rustls::crypto::ring::default_provider();
        let trust = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (client_root, _heard) = client_root();
        let client = Client::builder().root(client_root).token(fixture.token(1)).tls(trust);
        assert!(client.connect(&fixture.address).await.is_ok(), "{version:?}");
    }
}

#[tokio::test]
async fn untrusted_certificate_is_refused() {
    let fixture = fixture().await;
    let (_, stranger) = certificate("127.0.0.1");
    let (client_root, _heard) = client_root();
    let client = Client::builder().root(client_root).token(fixture.token(1)).tls(stranger);
    let error = client.connect(&fixture.address).await.unwrap_err();
    assert!(
        matches!(&error, Error::Setup(SetupError::Connect { source: LostReason::Tls(_), .. })),
        "{error}"
    );
}

#[tokio::test]
async fn ca_certificate_as_a_server_certificate_is_refused() {
    let mut params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let chain = params.self_signed(&key).unwrap().pem();
    let identity = psom::tls::server(chain.as_bytes(), key.serialize_pem().as_bytes()).unwrap();
    let fixture = fixture_with(Default::default(), |builder| builder.tls(identity)).await;
    let (client_root, _heard) = client_root();
    let trust = psom::tls::client(chain.as_bytes()).unwrap();
    let client = Client::builder().root(client_root).token(fixture.token(1)).tls(trust);
    let error = client.connect(&fixture.address).await.unwrap_err();
    assert!(error.to_string().contains("issue the server a certificate with CA:FALSE"), "{error}");
}

#[tokio::test]
async fn malformed_pem_is_reported_in_one_sentence() {
    let no_certificate = psom::tls::server(b"", b"").unwrap_err().to_string();
    assert!(no_certificate.contains("private key"), "{no_certificate}");
    let no_authority = psom::tls::client(b"hello").unwrap_err().to_string();
    assert!(no_authority.contains("no certificate"), "{no_authority}");
}
