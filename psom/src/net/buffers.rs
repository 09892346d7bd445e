//! Limits for the bytes that TLS and the socket hold for a peer that does not read.
//!
//! These bytes have left the send queue of the connection, which has limits of its own. TLS and the socket need only as
//! many as keep the network busy.

use rustls::ServerConnection;
use tokio::net::TcpListener;

/// The bytes that a socket holds and has not yet sent. Without a limit, a socket on loopback holds up to 4 MiB, and some
/// hundred clients that do not read use up the memory that the system has for all connections. Then the system delays
/// the connections of others, and can abort them. Bytes on their way to the peer do not count, so the limit does not slow
/// down a peer that reads.
#[cfg(any(target_os = "android", target_os = "linux"))]
const MAX_UNSENT_BYTES: u32 = 128 * 1024;

/// The encrypted bytes that a connection holds for its socket: two records of TLS. The default of rustls is 64 KiB.
const MAX_TLS_BUFFER_BYTES: usize = 32 * 1024;

/// Limits the bytes that the sockets of a listener hold and have not yet sent to 128 KiB each. Accepted sockets inherit
/// the limit. It has no effect on systems other than Linux and Android.
#[cfg_attr(
    not(any(target_os = "android", target_os = "linux")),
    expect(
        unused_variables,
        reason = "other systems do not have this limit, or a listener does not pass it on"
    )
)]
pub fn limit_unsent(listener: &TcpListener) {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    if let Err(error) = socket2::SockRef::from(listener).set_tcp_notsent_lowat(MAX_UNSENT_BYTES) {
        tracing::warn!(
            %error,
            "cannot limit the bytes that the system holds for clients that do not read"
        );
    }
}

/// Limits the encrypted bytes that wait for the socket to 32 KiB.
pub fn limit_tls(connection: &mut ServerConnection) {
    connection.set_buffer_limit(Some(MAX_TLS_BUFFER_BYTES));
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::{io::Write as _, sync::Arc};

    use rustls::{
        ServerConfig, crypto,
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    };

    use super::*;

    #[derive(Debug)]
    struct NoCertificate;

    impl ResolvesServerCert for NoCertificate {
        fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
            None
        }
    }

    #[cfg(any(target_os = "android", target_os = "linux"))]
    #[tokio::test]
    async fn accepted_socket_holds_a_limited_number_of_unsent_bytes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        limit_unsent(&listener);
        let connecting = tokio::net::TcpStream::connect(listener.local_addr().unwrap());
        let (accepted, _client) = tokio::join!(listener.accept(), connecting);
        let (socket, _) = accepted.unwrap();
        let limit = socket2::SockRef::from(&socket).tcp_notsent_lowat().unwrap();
        assert_eq!(limit, MAX_UNSENT_BYTES);
    }

    #[test]
    fn tls_takes_a_limited_number_of_bytes_at_once() {
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(NoCertificate));
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        limit_tls(&mut connection);
        let taken = connection.writer().write(&[0; 2 * MAX_TLS_BUFFER_BYTES]).unwrap();
        assert_eq!(taken, MAX_TLS_BUFFER_BYTES);
    }
}
