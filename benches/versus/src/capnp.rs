//! Cap'n Proto's remote procedure calls over the same TLS. Its objects belong to one thread, so the server and
//! the client have a thread each.

use std::{
    collections::VecDeque,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use capnp::{
    capability::{Promise, Response},
    message::ReaderOptions,
};
use capnp_rpc::{
    RpcSystem, new_client,
    rpc_twoparty_capnp::Side,
    twoparty::{VatId, VatNetwork},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, BufReader, BufWriter},
    net::TcpListener,
    runtime, task,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::compat::{TokioAsyncReadCompatExt as _, TokioAsyncWriteCompatExt as _};

use crate::{
    Result,
    process::cpu_time,
    raw::{median_micros, upload_figures},
    rows::sizes::*,
    tls::{Identity, accept, connect},
};

#[expect(clippy::all, reason = "generated code")]
mod echo_capnp {
    include!(concat!(env!("OUT_DIR"), "/echo_capnp.rs"));
}

use echo_capnp::echo;

struct Echo;

impl echo::Server for Echo {
    async fn echo(
        self: Rc<Self>,
        request: echo::EchoParams,
        mut answer: echo::EchoResults,
    ) -> std::result::Result<(), capnp::Error> {
        answer.get().set_number(request.get()?.get_number());
        Ok(())
    }

    async fn write(
        self: Rc<Self>,
        request: echo::WriteParams,
        mut answer: echo::WriteResults,
    ) -> std::result::Result<(), capnp::Error> {
        let length = request.get()?.get_chunk()?.len();
        let length =
            u32::try_from(length).map_err(|error| capnp::Error::failed(error.to_string()))?;
        answer.get().set_bytes(length);
        Ok(())
    }
}

fn network(
    stream: impl AsyncRead + AsyncWrite + 'static,
    side: Side,
) -> Box<dyn capnp_rpc::VatNetwork<VatId>> {
    let (reader, writer) = tokio::io::split(stream);
    // As its documentation recommends.
    let (reader, writer) = (BufReader::new(reader), BufWriter::new(writer));
    Box::new(VatNetwork::new(reader.compat(), writer.compat_write(), side, ReaderOptions::new()))
}

/// Runs `work` on a thread with a runtime of its own.
fn on_thread<F: Future<Output = Result<T>>, T: Send + 'static>(
    work: impl FnOnce() -> F + Send + 'static,
) -> thread::JoinHandle<Result<T>> {
    thread::spawn(|| {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        task::LocalSet::new().block_on(&runtime, work())
    })
}

/// Starts a server, and runs `work` with a client of it.
async fn with_client<F, T>(work: impl FnOnce(echo::Client) -> F + Send + 'static) -> Result<T>
where
    F: Future<Output = Result<T>>,
    T: Send + 'static,
{
    let identity = Identity::new()?;
    let (acceptor, trust) = (TlsAcceptor::from(identity.server()?), identity.client()?);
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?.to_string();
    on_thread(async move || {
        let stream = accept(&acceptor, &TcpListener::from_std(listener)?).await?;
        let echo: echo::Client = new_client(Echo);
        RpcSystem::new(network(stream, Side::Server), Some(echo.client)).await?;
        Ok(())
    });
    let client = on_thread(async move || {
        let stream = connect(trust, &address).await?;
        let mut system = RpcSystem::new(network(stream, Side::Client), None);
        let echo: echo::Client = system.bootstrap(Side::Server);
        task::spawn_local(system);
        work(echo).await
    });
    task::spawn_blocking(|| client.join().map_err(|_| "the client's thread panicked")?).await?
}

pub async fn ping() -> Result<Vec<f64>> {
    with_client(async |echo| {
        let mut times: Vec<Duration> = Vec::with_capacity(2 * ROUND_TRIPS);
        for number in 0..2 * ROUND_TRIPS as i64 {
            let begin = Instant::now();
            let mut request = echo.echo_request();
            request.get().set_number(number);
            assert_eq!(request.send().promise.await?.get()?.get_number(), number);
            times.push(begin.elapsed());
        }
        Ok(vec![median_micros(&times)])
    })
    .await
}

pub async fn upload() -> Result<Vec<f64>> {
    with_client(async |echo| {
        let chunk = vec![7; UPLOAD_CHUNK_BYTES];
        let (cpu, begin) = (cpu_time("self")?, Instant::now());
        let mut answers = VecDeque::with_capacity(UPLOAD_WINDOW);
        for sent in 0..UPLOAD_CHUNKS + UPLOAD_WINDOW {
            if sent >= UPLOAD_WINDOW {
                let answer: Promise<Response<echo::write_results::Owned>, capnp::Error> =
                    answers.pop_front().ok_or("no answer is missing")?;
                assert_eq!(answer.await?.get()?.get_bytes() as usize, UPLOAD_CHUNK_BYTES);
            }
            if sent < UPLOAD_CHUNKS {
                let mut request = echo.write_request();
                request.get().set_chunk(&chunk);
                answers.push_back(request.send().promise);
            }
        }
        Ok(upload_figures(begin.elapsed(), cpu_time("self")? - cpu))
    })
    .await
}
