//! A page with metrics, for programs without a web server.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, ToSocketAddrs},
    time::timeout,
};

use crate::metrics::Metrics;

/// Upper bound on a request. Scrapers send less than 1 KiB.
const MAX_REQUEST_BYTES: usize = 8 << 10;

/// The time that a scraper may take to send its request and to read the page.
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(5);

impl Metrics {
    /// Serves the metrics in the text format of Prometheus at every path of an address, until the future is
    /// dropped. One scraper is served at a time. The page has no access control, so choose an address that only
    /// the monitoring can reach:
    ///
    /// ```no_run
    /// # fn export(metrics: psom::Metrics) {
    /// tokio::spawn(async move { metrics.serve("127.0.0.1:9100").await });
    /// # }
    /// ```
    ///
    /// # Errors
    /// The address cannot be used.
    pub async fn serve(&self, address: impl ToSocketAddrs) -> io::Result<()> {
        let listener = TcpListener::bind(address).await?;
        loop {
            self.serve_next(&listener).await;
        }
    }

    async fn serve_next(&self, listener: &TcpListener) {
        match listener.accept().await {
            Ok((stream, _)) => {
                let served = timeout(SCRAPE_TIMEOUT, answer(stream, &self.to_string())).await;
                if !matches!(served, Ok(Ok(()))) {
                    tracing::debug!("a scraper was not served");
                }
            }
            // The process has no file descriptor left; the next attempt waits for one.
            Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

/// Reads the head of a request, and answers with a page.
async fn answer(mut stream: TcpStream, page: &str) -> io::Result<()> {
    let mut head = Vec::with_capacity(1 << 10);
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        if head.len() >= MAX_REQUEST_BYTES || stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        page.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(page.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[tokio::test]
    async fn page_is_served_and_a_large_request_is_refused() {
        let metrics = Metrics::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = async {
            metrics.serve_next(&listener).await;
            metrics.serve_next(&listener).await;
        };
        let scraping = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
            let mut page = String::new();
            stream.read_to_string(&mut page).await.unwrap();
            assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
            assert!(page.contains("\npsom_turn_seconds_count 0\n"), "{page}");
            let mut stream = TcpStream::connect(address).await.unwrap();
            // The server may close before everything is sent.
            let _ = stream.write_all(&[b'x'; 2 * MAX_REQUEST_BYTES]).await;
            let mut page = Vec::new();
            let _ = stream.read_to_end(&mut page).await;
            assert_eq!(page, b"");
        };
        tokio::join!(serving, scraping);
    }
}
