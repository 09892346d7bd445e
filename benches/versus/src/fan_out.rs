//! One server sends to many receivers, which are in another process.

use std::time::Duration;

use crate::{
    Result, brokers,
    members::{Members, now_nanos},
    ours::{self, Serving},
    process::{cpu_time, resident_kib},
    raw::{Broadcaster, write_frame},
    rows::sizes::*,
    tls::Identity,
    websocket,
};

/// The time in which a server frees what it needed to accept its connections.
const SETTLE_TIME: Duration = Duration::from_secs(2);

/// A server of this process.
enum Sender {
    Psom(Serving),
    Raw(Broadcaster),
    Tungstenite(websocket::Broadcaster),
    Broker(brokers::Running),
}

impl Sender {
    async fn start(implementation: &str, identity: &Identity) -> Result<Self> {
        match implementation {
            "psom" => Ok(Self::Psom(ours::serve(identity).await?)),
            "raw" => Ok(Self::Raw(Broadcaster::start(identity).await?)),
            "tungstenite" => Ok(Self::Tungstenite(websocket::Broadcaster::start(identity).await?)),
            other => {
                let broker = brokers::named(other).ok_or("unknown implementation")?;
                Ok(Self::Broker(brokers::Running::start(broker).await?))
            }
        }
    }

    fn address(&self) -> &str {
        match self {
            Self::Psom(serving) => &serving.address,
            Self::Raw(broadcaster) => &broadcaster.address,
            Self::Tungstenite(broadcaster) => &broadcaster.address,
            Self::Broker(broker) => &broker.address,
        }
    }

    /// Returns the process that serves.
    fn process(&self) -> String {
        match self {
            Self::Broker(broker) => broker.process(),
            _ => "self".to_owned(),
        }
    }

    async fn members(&self) -> Result<usize> {
        Ok(match self {
            Self::Psom(serving) => serving.space.run(|_, cx| cx.peers().len()).await?,
            Self::Raw(broadcaster) => broadcaster.members(),
            Self::Tungstenite(broadcaster) => broadcaster.members(),
            // Its subscribers have waited for the answer.
            Self::Broker(_) => usize::MAX,
        })
    }

    /// Sends a number of messages with one number to all receivers, as one turn.
    async fn send(&self, messages: usize, number: i64) -> Result<()> {
        match self {
            Self::Psom(serving) => {
                let calls = move |_: &mut ours::Hub, cx: &mut psom::Context<ours::Hub>| {
                    for _ in 0..messages {
                        cx.peers().c_tick(number);
                    }
                };
                serving.space.run(calls).await?;
            }
            Self::Raw(broadcaster) => {
                let mut turn = Vec::new();
                (0..messages).for_each(|_| write_frame(&mut turn, number));
                broadcaster.send(&turn);
            }
            Self::Tungstenite(broadcaster) => broadcaster.send(messages, number),
            Self::Broker(broker) => broker.send(messages, number).await?,
        }
        Ok(())
    }
}

async fn connected(implementation: &str, count: usize) -> Result<(Sender, Members)> {
    let identity = Identity::new()?;
    let sender = Sender::start(implementation, &identity).await?;
    let members = Members::start(implementation, sender.address(), count, &identity).await?;
    while sender.members().await? < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok((sender, members))
}

/// Returns the server's CPU time per delivery in nanoseconds.
pub async fn burst(implementation: &str, count: usize) -> Result<Vec<f64>> {
    let (sender, mut members) = connected(implementation, count).await?;
    let deliveries = BURST_MESSAGES * count;
    let bursts = BURST_DELIVERIES.div_ceil(deliveries);
    let mut cpu = cpu_time(&sender.process())?;
    // The first burst warms up.
    for burst in 0..=bursts {
        if burst == 1 {
            cpu = cpu_time(&sender.process())?;
        }
        sender.send(BURST_MESSAGES, 0).await?;
        members.received(deliveries).await?;
    }
    let spent = cpu_time(&sender.process())? - cpu;
    Ok(vec![spent.as_nanos() as f64 / (bursts * deliveries) as f64])
}

/// Returns the server's CPU time per delivery in microseconds, and the median time to the last receipt in
/// milliseconds.
pub async fn paced(implementation: &str, count: usize) -> Result<Vec<f64>> {
    let (sender, mut members) = connected(implementation, count).await?;
    let mut interval = tokio::time::interval(PACED_INTERVAL);
    let cpu = cpu_time(&sender.process())?;
    for _ in 0..PACED_MESSAGES {
        interval.tick().await;
        sender.send(1, now_nanos()).await?;
    }
    let millis = members.received(PACED_MESSAGES * count).await?;
    let spent = cpu_time(&sender.process())? - cpu;
    Ok(vec![spent.as_nanos() as f64 / 1e3 / (PACED_MESSAGES * count) as f64, millis])
}

/// Returns the server's memory per idle connection in KiB.
pub async fn idle(implementation: &str, count: usize) -> Result<Vec<f64>> {
    let identity = Identity::new()?;
    let sender = Sender::start(implementation, &identity).await?;
    let before = resident_kib(&sender.process())?;
    let _members = Members::start(implementation, sender.address(), count, &identity).await?;
    tokio::time::sleep(SETTLE_TIME).await;
    assert!(sender.members().await? >= count);
    Ok(vec![(resident_kib(&sender.process())? - before) / count as f64])
}
