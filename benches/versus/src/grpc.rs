//! tonic: streams of one gRPC call, over the same TLS. The messages are coded by hand, as the fixed-size
//! numbers of the hand-written code.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::{Buf as _, BufMut as _};
use futures_util::stream;
use tokio::{net::TcpListener, sync::mpsc};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream, UnboundedReceiverStream};
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::{BoxFuture, Service, http},
    server::{NamedService, StreamingService},
    transport::{Certificate, Channel, ClientTlsConfig, Server, ServerTlsConfig},
};

use crate::{Result, process::cpu_time, raw::median_micros, rows::sizes::*, tls::Identity};

/// The interval in which the receipt of all calls is checked.
const POLL_INTERVAL: Duration = Duration::from_micros(100);

/// Codes a number as eight bytes.
#[derive(Default)]
struct Number;

impl Codec for Number {
    type Encode = i64;
    type Decode = i64;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Number {
    type Item = i64;
    type Error = Status;

    fn encode(&mut self, number: i64, out: &mut EncodeBuf<'_>) -> std::result::Result<(), Status> {
        out.put_i64(number);
        Ok(())
    }
}

impl Decoder for Number {
    type Item = i64;
    type Error = Status;

    fn decode(&mut self, input: &mut DecodeBuf<'_>) -> std::result::Result<Option<i64>, Status> {
        Ok((input.remaining() >= 8).then(|| input.get_i64()))
    }
}

/// The answers to a stream of numbers.
type Answers = Streaming<i64>;

/// Echoes the numbers of a stream. The numbers of a call of `Count` are only counted and summed.
#[derive(Clone, Default)]
struct Echo(Arc<Mutex<u64>>);

impl NamedService for Echo {
    const NAME: &'static str = "versus.Echo";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let counts = request.uri().path().ends_with("/Count").then(|| self.0.clone());
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(Number);
            Ok(match counts {
                Some(count) => grpc.streaming(Counting(count), request).await,
                None => grpc.streaming(Echoing, request).await,
            })
        })
    }
}

struct Echoing;

impl StreamingService<i64> for Echoing {
    type Response = i64;
    type ResponseStream = Answers;
    type Future = Ready<std::result::Result<Response<Answers>, Status>>;

    fn call(&mut self, request: Request<Answers>) -> Self::Future {
        ready(Ok(Response::new(request.into_inner())))
    }
}

struct Counting(Arc<Mutex<u64>>);

impl StreamingService<i64> for Counting {
    type Response = i64;
    type ResponseStream = UnboundedReceiverStream<std::result::Result<i64, Status>>;
    type Future = Ready<std::result::Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Answers>) -> Self::Future {
        let count = self.0.clone();
        let (sum, answer) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut numbers = request.into_inner();
            let mut total = 0i64;
            while let Ok(Some(number)) = numbers.message().await {
                total = total.wrapping_add(number);
                *count.lock().expect("no panic") += 1;
            }
            let _ = sum.send(Ok(total));
        });
        ready(Ok(Response::new(UnboundedReceiverStream::new(answer))))
    }
}

async fn pair() -> Result<(Grpc<Channel>, Arc<Mutex<u64>>)> {
    let identity = Identity::new()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("https://{}", listener.local_addr()?);
    let keys = tonic::transport::Identity::from_pem(&identity.certificate, &identity.key);
    let echo = Echo::default();
    let count = echo.0.clone();
    let mut server = Server::builder().tls_config(ServerTlsConfig::new().identity(keys))?;
    let serving = server.add_service(echo).serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(serving);
    let authority = Certificate::from_pem(&identity.certificate);
    let trust = ClientTlsConfig::new().ca_certificate(authority).domain_name("localhost");
    let channel = Channel::from_shared(address)?.tcp_nodelay(true).tls_config(trust)?;
    let mut grpc = Grpc::new(channel.connect().await?);
    grpc.ready().await?;
    Ok((grpc, count))
}

pub async fn ping() -> Result<Vec<f64>> {
    let (mut grpc, _) = pair().await?;
    let (sender, numbers) = mpsc::channel(1);
    let path = http::uri::PathAndQuery::from_static("/versus.Echo/Echo");
    let request = Request::new(ReceiverStream::new(numbers));
    let mut answers: Answers = grpc.streaming(request, path, Number).await?.into_inner();
    let pinging = tokio::spawn(async move {
        let mut times = Vec::with_capacity(2 * ROUND_TRIPS);
        for number in 0..2 * ROUND_TRIPS as i64 {
            let begin = Instant::now();
            sender.send(number).await?;
            assert_eq!(answers.message().await?, Some(number));
            times.push(begin.elapsed());
        }
        Result::Ok(times)
    });
    Ok(vec![median_micros(&pinging.await??)])
}

/// Returns million calls per second and the CPU time of a call in nanoseconds.
pub async fn one_way() -> Result<Vec<f64>> {
    let (mut grpc, count) = pair().await?;
    let total = (ONE_WAY_TURNS * CALLS_PER_TURN) as u64;
    let path = http::uri::PathAndQuery::from_static("/versus.Echo/Count");
    let (cpu, begin) = (cpu_time("self")?, Instant::now());
    let numbers = Request::new(stream::iter(0..total as i64));
    let mut answer: Answers = grpc.streaming(numbers, path, Number).await?.into_inner();
    while *count.lock().expect("no panic") < total {
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    let (elapsed, cpu) = (begin.elapsed(), cpu_time("self")? - cpu);
    assert_eq!(answer.message().await?, Some((0..total as i64).sum()), "a call was lost");
    Ok(vec![total as f64 / elapsed.as_secs_f64() / 1e6, cpu.as_nanos() as f64 / total as f64])
}
