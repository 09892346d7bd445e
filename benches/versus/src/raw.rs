//! Hand-written tokio and TLS that does nothing else: the smallest cost of each workload.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_rustls::{TlsAcceptor, client, server};

use crate::{
    Result,
    process::cpu_time,
    rows::sizes::*,
    tls::{self, Identity},
};

/// The length of a message, and a time or number.
pub const FRAME_BYTES: usize = 4 + 8;

/// Appends a framed number.
pub fn write_frame(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(&8u32.to_be_bytes());
    out.extend_from_slice(&number.to_be_bytes());
}

/// Reads the complete frames in `buffer[..*filled]` and moves the rest to the front.
pub fn read_frames(buffer: &mut [u8], filled: &mut usize, mut each: impl FnMut(i64)) {
    let mut at = 0;
    while *filled - at >= FRAME_BYTES {
        let frame = &buffer[at..at + FRAME_BYTES];
        assert_eq!(frame[..4], 8u32.to_be_bytes());
        each(i64::from_be_bytes(frame[4..].try_into().expect("eight bytes")));
        at += FRAME_BYTES;
    }
    buffer.copy_within(at..*filled, 0);
    *filled -= at;
}

type Pair = (server::TlsStream<TcpStream>, client::TlsStream<TcpStream>);

async fn pair() -> Result<Pair> {
    let identity = Identity::new()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let acceptor = TlsAcceptor::from(identity.server()?);
    let trust = identity.client()?;
    tokio::try_join!(tls::accept(&acceptor, &listener), tls::connect(trust, &address))
}

/// Returns the median of the second half of the times, in microseconds.
pub fn median_micros(times: &[Duration]) -> f64 {
    let mut times = times[times.len() / 2..].to_vec();
    times.sort();
    times[times.len() / 2].as_nanos() as f64 / 1e3
}

pub async fn ping() -> Result<Vec<f64>> {
    let (mut server, mut client) = pair().await?;
    tokio::spawn(async move {
        let mut frame = [0; FRAME_BYTES];
        while server.read_exact(&mut frame).await.is_ok() {
            if server.write_all(&frame).await.is_err() || server.flush().await.is_err() {
                return;
            }
        }
    });
    let pinging = tokio::spawn(async move {
        let mut times = Vec::with_capacity(2 * ROUND_TRIPS);
        let mut frame = [0; FRAME_BYTES];
        for _ in 0..2 * ROUND_TRIPS {
            let begin = Instant::now();
            client.write_all(&frame).await?;
            client.flush().await?;
            client.read_exact(&mut frame).await?;
            times.push(begin.elapsed());
        }
        Ok::<_, std::io::Error>(times)
    });
    Ok(vec![median_micros(&pinging.await??)])
}

/// Returns million calls per second and the CPU time of a call in nanoseconds.
pub async fn one_way() -> Result<Vec<f64>> {
    let (mut server, mut client) = pair().await?;
    let received = Arc::new(AtomicU64::new(0));
    let counter = received.clone();
    let total = ONE_WAY_TURNS * CALLS_PER_TURN;
    let receiving = tokio::spawn(async move {
        let mut buffer = vec![0; 64 * 1024];
        let (mut filled, mut count, mut sum) = (0, 0, 0i64);
        while count < total {
            let read = server.read(&mut buffer[filled..]).await?;
            filled += read;
            read_frames(&mut buffer, &mut filled, |number| {
                count += 1;
                sum = sum.wrapping_add(number);
            });
            counter.store(count as u64, Ordering::Relaxed);
        }
        Ok::<_, std::io::Error>(sum)
    });
    let (cpu, begin) = (cpu_time("self")?, Instant::now());
    let sending = tokio::spawn(async move {
        let mut out = Vec::new();
        for turn in 0..ONE_WAY_TURNS {
            out.clear();
            for call in 0..CALLS_PER_TURN {
                write_frame(&mut out, (turn * CALLS_PER_TURN + call) as i64);
            }
            client.write_all(&out).await?;
        }
        client.flush().await?;
        Ok::<_, std::io::Error>(client)
    });
    let sum = receiving.await??;
    let elapsed = begin.elapsed();
    drop(sending.await??);
    assert_eq!(sum, (0..total as i64).sum::<i64>(), "a call was lost");
    let cpu = cpu_time("self")? - cpu;
    Ok(vec![total as f64 / elapsed.as_secs_f64() / 1e6, cpu.as_nanos() as f64 / total as f64])
}

/// Returns MB/s and CPU seconds per GiB.
pub async fn upload() -> Result<Vec<f64>> {
    let (mut server, client) = pair().await?;
    tokio::spawn(async move {
        let mut chunk = vec![0; 4 + UPLOAD_CHUNK_BYTES];
        while server.read_exact(&mut chunk).await.is_ok() {
            let length = u32::from_be_bytes(chunk[..4].try_into().expect("four bytes"));
            if server.write_all(&length.to_be_bytes()).await.is_err()
                || server.flush().await.is_err()
            {
                return;
            }
        }
    });
    let (cpu, begin) = (cpu_time("self")?, Instant::now());
    let uploading = tokio::spawn(async move {
        let (mut reader, mut writer) = tokio::io::split(client);
        let mut chunk = (UPLOAD_CHUNK_BYTES as u32).to_be_bytes().to_vec();
        chunk.resize(4 + UPLOAD_CHUNK_BYTES, 7);
        let mut answer = [0; 4];
        for sent in 0..UPLOAD_CHUNKS + UPLOAD_WINDOW {
            if sent >= UPLOAD_WINDOW {
                reader.read_exact(&mut answer).await?;
                assert_eq!(u32::from_be_bytes(answer) as usize, UPLOAD_CHUNK_BYTES);
            }
            if sent < UPLOAD_CHUNKS {
                writer.write_all(&chunk).await?;
                writer.flush().await?;
            }
        }
        Ok::<_, std::io::Error>((reader, writer))
    });
    let _open = uploading.await??;
    Ok(upload_figures(begin.elapsed(), cpu_time("self")? - cpu))
}

/// Returns the figures of the upload row.
pub fn upload_figures(elapsed: Duration, cpu: Duration) -> Vec<f64> {
    let bytes = (UPLOAD_CHUNKS * UPLOAD_CHUNK_BYTES) as f64;
    let gib = bytes / f64::from(1 << 30);
    vec![bytes / 1e6 / elapsed.as_secs_f64(), cpu.as_secs_f64() / gib]
}

/// A server that sends the same bytes to all its connections.
pub struct Broadcaster {
    pub address: String,
    outputs: Arc<Mutex<Vec<Arc<Output>>>>,
}

/// The bytes that wait for one connection.
#[derive(Default)]
struct Output {
    bytes: Mutex<Vec<u8>>,
    filled: Notify,
}

impl Broadcaster {
    pub async fn start(identity: &Identity) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let acceptor = TlsAcceptor::from(identity.server()?);
        let outputs = Arc::new(Mutex::new(Vec::new()));
        let all = outputs.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, all) = (acceptor.clone(), all.clone());
                tokio::spawn(async move {
                    let _ = stream.set_nodelay(true);
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    serve(stream, &all).await;
                });
            }
        });
        Ok(Self { address, outputs })
    }

    pub fn members(&self) -> usize {
        self.outputs.lock().expect("no panic").len()
    }

    pub fn send(&self, bytes: &[u8]) {
        for output in &*self.outputs.lock().expect("no panic") {
            output.bytes.lock().expect("no panic").extend_from_slice(bytes);
            output.filled.notify_one();
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, all: &Mutex<Vec<Arc<Output>>>) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let output = Arc::new(Output::default());
    all.lock().expect("no panic").push(output.clone());
    let writing = async {
        let mut bytes = Vec::new();
        loop {
            output.filled.notified().await;
            std::mem::swap(&mut bytes, &mut output.bytes.lock().expect("no panic"));
            if writer.write_all(&bytes).await.is_err() || writer.flush().await.is_err() {
                return;
            }
            bytes.clear();
        }
    };
    let reading = async {
        let mut buffer = [0; 512];
        while let Ok(1..) = reader.read(&mut buffer).await {}
    };
    tokio::select! {
        () = writing => {}
        () = reading => {}
    }
}
