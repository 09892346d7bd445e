//! The workloads with psom, written as its documentation recommends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use psom::{
    Admission, Authenticator, Client, ClientSession, Config, Context, Credentials, Refused, Server,
    SpaceHandle, User, distributed_object, psom_interface,
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Result,
    members::Receipts,
    process::cpu_time,
    raw::{median_micros, upload_figures},
    rows::sizes::*,
    tls::{self, Identity},
};

#[psom_interface(name = "Versus.Hub", version = 1, hash = 1)]
pub trait HubServer {
    fn s_tick(&mut self, number: i64);
    fn s_echo(&mut self, cx: &mut Context<Self>, number: i64);
    fn s_write(&mut self, cx: &mut Context<Self>, chunk: Bytes);
}

#[psom_interface(name = "Versus.Hub", version = 1, hash = 2)]
pub trait HubClient {
    fn c_tick(&mut self, number: i64);
    fn c_echo(&mut self, cx: &mut Context<Self>, number: i64);
    fn c_written(&mut self, cx: &mut Context<Self>, bytes: i32);
}

#[distributed_object(serves = HubServer, calls = HubClient)]
#[derive(Default)]
pub struct Hub {
    count: Arc<AtomicU64>,
    sum: Arc<AtomicU64>,
}

impl HubServer for Hub {
    fn s_tick(&mut self, number: i64) {
        let count = self.count.load(Ordering::Relaxed);
        self.count.store(count + 1, Ordering::Relaxed);
        let sum = self.sum.load(Ordering::Relaxed);
        self.sum.store(sum.wrapping_add_signed(number), Ordering::Relaxed);
    }

    fn s_echo(&mut self, cx: &mut Context<Self>, number: i64) {
        cx.caller().c_echo(number);
    }

    fn s_write(&mut self, cx: &mut Context<Self>, chunk: Bytes) {
        cx.caller().c_written(chunk.len() as i32);
    }
}

/// A client that answers as its workload requires.
#[derive(Default)]
enum Work {
    #[default]
    Nothing,
    Count(Arc<Receipts>),
    Ping(Ping),
    Pass(mpsc::UnboundedSender<i64>),
    Upload(Upload),
}

struct Ping {
    sent: Instant,
    times: Vec<Duration>,
    done: Option<oneshot::Sender<Vec<Duration>>>,
}

struct Upload {
    chunk: Bytes,
    sent: usize,
    acknowledged: usize,
    done: Option<oneshot::Sender<()>>,
}

#[distributed_object(serves = HubClient, calls = HubServer)]
#[derive(Default)]
pub struct Member(Work);

impl HubClient for Member {
    fn c_tick(&mut self, number: i64) {
        if let Work::Count(receipts) = &self.0 {
            receipts.add(number);
        }
    }

    fn c_echo(&mut self, cx: &mut Context<Self>, number: i64) {
        match &mut self.0 {
            Work::Ping(ping) => {
                ping.times.push(ping.sent.elapsed());
                if ping.times.len() < 2 * ROUND_TRIPS {
                    ping.sent = Instant::now();
                    cx.caller().s_echo(number + 1);
                } else if let Some(done) = ping.done.take() {
                    let _ = done.send(std::mem::take(&mut ping.times));
                }
            }
            Work::Pass(answers) => drop(answers.send(number)),
            _ => {}
        }
    }

    fn c_written(&mut self, cx: &mut Context<Self>, bytes: i32) {
        let Work::Upload(upload) = &mut self.0 else { return };
        assert_eq!(bytes as usize, UPLOAD_CHUNK_BYTES);
        upload.acknowledged += 1;
        if upload.sent < UPLOAD_CHUNKS {
            upload.sent += 1;
            cx.caller().s_write(upload.chunk.clone());
        } else if upload.acknowledged == UPLOAD_CHUNKS
            && let Some(done) = upload.done.take()
        {
            let _ = done.send(());
        }
    }
}

/// Admits everybody.
#[derive(Default)]
struct Everybody(AtomicI64);

impl Authenticator for Everybody {
    async fn authenticate(&self, _: Credentials) -> std::result::Result<Admission, Refused> {
        Ok(User::new(self.0.fetch_add(1, Ordering::Relaxed), "member").into())
    }
}

/// A running server.
pub struct Serving {
    _server: Server,
    pub address: String,
    pub space: SpaceHandle<Hub>,
    count: Arc<AtomicU64>,
    sum: Arc<AtomicU64>,
}

pub async fn serve(identity: &Identity) -> Result<Serving> {
    let hub = Hub::default();
    let (count, sum) = (hub.count.clone(), hub.sum.clone());
    let mut config = Config::default();
    // The rate of calls of one client is the subject of some rows.
    config.calls_per_second = 0;
    let space = SpaceHandle::start_with(config, [], |_| hub)?;
    let builder = Server::builder().space(space.space()).authenticator(Everybody::default());
    let server = builder.tls(identity.server()?).bind("127.0.0.1:0").await?;
    let address = server.local_addr().ok_or("not listening")?.to_string();
    Ok(Serving { _server: server, address, space, count, sum })
}

/// Connects a receiver of a broadcast.
pub async fn join(
    trust: Arc<psom::tls::ClientConfig>,
    address: &str,
    receipts: Arc<Receipts>,
) -> Result<ClientSession<Member>> {
    connect(trust, address, Work::Count(receipts)).await
}

async fn connect(
    trust: Arc<psom::tls::ClientConfig>,
    address: &str,
    work: Work,
) -> Result<ClientSession<Member>> {
    let client = Client::builder().root(Member(work)).token("token");
    Ok(client.tls(trust).connect(address).await?)
}

async fn pair(work: Work) -> Result<(Serving, ClientSession<Member>)> {
    let identity = Identity::new()?;
    let serving = serve(&identity).await?;
    let session = connect(identity.client()?, &serving.address, work).await?;
    // `connect` returns before the server has handled the client's last message.
    session.settled().await?;
    Ok((serving, session))
}

pub async fn ping() -> Result<Vec<f64>> {
    let (done, times) = oneshot::channel();
    let times_kept = Vec::with_capacity(2 * ROUND_TRIPS);
    let ping = Ping { sent: Instant::now(), times: times_kept, done: Some(done) };
    let (_serving, session) = pair(Work::Ping(ping)).await?;
    session.root().s_echo(0).await?;
    Ok(vec![median_micros(&times.await?)])
}

pub async fn awaited_ping() -> Result<Vec<f64>> {
    let (answers, mut received) = mpsc::unbounded_channel();
    let (_serving, session) = pair(Work::Pass(answers)).await?;
    let pinging = tokio::spawn(async move {
        let mut times = Vec::with_capacity(2 * ROUND_TRIPS);
        for number in 0..2 * ROUND_TRIPS as i64 {
            let begin = Instant::now();
            session.root().s_echo(number).await?;
            assert_eq!(received.recv().await, Some(number));
            times.push(begin.elapsed());
        }
        Ok::<_, psom::Error>(times)
    });
    Ok(vec![median_micros(&pinging.await??)])
}

impl Serving {
    /// Waits until the server has received a number of calls.
    async fn received(&self, calls: usize) {
        while (self.count.load(Ordering::Relaxed) as usize) < calls {
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
    }

    fn check_sum(&self, calls: usize) {
        let expected = (0..calls as u64).sum::<u64>();
        assert_eq!(self.sum.load(Ordering::Relaxed), expected, "a call was lost");
    }
}

/// Returns million calls per second and the CPU time of a call in nanoseconds.
pub async fn one_way() -> Result<Vec<f64>> {
    let (serving, session) = pair(Work::Nothing).await?;
    let (cpu, begin) = (cpu_time("self")?, Instant::now());
    for turn in 0..ONE_WAY_TURNS {
        let first = (turn * CALLS_PER_TURN) as i64;
        let calls = move |_: &mut Member, cx: &mut Context<Member>| {
            let server = cx.server();
            for number in first..first + CALLS_PER_TURN as i64 {
                server.s_tick(number);
            }
        };
        session.run(calls).await?;
        let sent = (turn + 1) * CALLS_PER_TURN;
        serving.received(sent.saturating_sub(ONE_WAY_WINDOW)).await;
    }
    let total = ONE_WAY_TURNS * CALLS_PER_TURN;
    serving.received(total).await;
    let elapsed = begin.elapsed();
    serving.check_sum(total);
    let cpu = cpu_time("self")? - cpu;
    Ok(vec![total as f64 / elapsed.as_secs_f64() / 1e6, cpu.as_nanos() as f64 / total as f64])
}

/// Returns the time and the CPU time of a call in nanoseconds.
pub async fn awaited_one_way() -> Result<Vec<f64>> {
    let (serving, session) = pair(Work::Nothing).await?;
    let (cpu, begin) = (cpu_time("self")?, Instant::now());
    let sending = tokio::spawn(async move {
        let server = session.root();
        for number in 0..AWAITED_CALLS as i64 {
            server.s_tick(number).await?;
        }
        Ok::<_, psom::Error>(session)
    });
    let _session = sending.await??;
    serving.received(AWAITED_CALLS).await;
    let elapsed = begin.elapsed();
    serving.check_sum(AWAITED_CALLS);
    let cpu = cpu_time("self")? - cpu;
    Ok(Vec::from([elapsed, cpu].map(|time| time.as_nanos() as f64 / AWAITED_CALLS as f64)))
}

pub async fn upload() -> Result<Vec<f64>> {
    let (done, finished) = oneshot::channel();
    let chunk = Bytes::from(vec![7; UPLOAD_CHUNK_BYTES]);
    let upload = Upload { chunk, sent: UPLOAD_WINDOW, acknowledged: 0, done: Some(done) };
    let (_serving, session) = pair(Work::Upload(upload)).await?;
    let (cpu, begin) = (cpu_time("self")?, Instant::now());
    session
        .run(|member, cx| {
            let Work::Upload(upload) = &member.0 else { return };
            for _ in 0..UPLOAD_WINDOW {
                cx.server().s_write(upload.chunk.clone());
            }
        })
        .await?;
    finished.await?;
    Ok(upload_figures(begin.elapsed(), cpu_time("self")? - cpu))
}

/// Receives until the process ends.
pub async fn receive(address: &str, receipts: &Arc<Receipts>) -> Result<()> {
    let session = join(tls::inherited()?, address, receipts.clone()).await?;
    tokio::spawn(async move { session.ended().await });
    Ok(())
}
