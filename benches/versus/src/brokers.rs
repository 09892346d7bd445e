//! Redis and NATS: servers that pass what one client publishes on to all subscribers. Both are used without
//! TLS, with their own text protocols, and with one message for each published number.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::Result;

/// The time in which a server must accept connections.
const START_TIMEOUT: Duration = Duration::from_secs(5);

/// The protocol of a broker.
#[derive(Clone, Copy)]
pub struct Broker {
    program: &'static str,
    subscribe: &'static [u8],
    /// The end of the answer to `subscribe`.
    subscribed: &'static [u8],
    publish: (&'static [u8], &'static [u8]),
    /// The size of a delivered message, and the offset of its number.
    delivery: (usize, usize),
}

const REDIS: Broker = Broker {
    program: "redis-server",
    subscribe: b"*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n",
    subscribed: b"c\r\n:1\r\n",
    publish: (b"*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$8\r\n", b"\r\n"),
    delivery: (b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$8\r\n12345678\r\n".len(), 28),
};

const NATS: Broker = Broker {
    program: "nats-server",
    subscribe: b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB c 1\r\nPING\r\n",
    subscribed: b"PONG\r\n",
    publish: (b"PUB c 8\r\n", b"\r\n"),
    delivery: (b"MSG c 1 8\r\n12345678\r\n".len(), 11),
};

/// Returns the broker with a name.
pub fn named(name: &str) -> Option<Broker> {
    match name {
        "redis" => Some(REDIS),
        "nats" => Some(NATS),
        _ => None,
    }
}

impl Broker {
    /// Connects a subscriber.
    pub async fn subscribe(self, address: &str) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(self.subscribe).await?;
        let mut answer = Vec::new();
        while !answer.ends_with(self.subscribed) {
            answer.push(stream.read_u8().await?);
        }
        Ok(stream)
    }

    /// Reads the complete deliveries in `buffer[..*filled]` and moves the rest to the front.
    pub fn read(self, buffer: &mut [u8], filled: &mut usize, mut each: impl FnMut(i64)) {
        let (size, number_at) = self.delivery;
        let mut at = 0;
        while *filled - at >= size {
            let number = &buffer[at + number_at..at + number_at + 8];
            each(i64::from_be_bytes(number.try_into().expect("eight bytes")));
            at += size;
        }
        buffer.copy_within(at..*filled, 0);
        *filled -= at;
    }
}

/// A running broker, and the connection that publishes.
pub struct Running {
    broker: Broker,
    process: Child,
    pub address: String,
    publisher: tokio::sync::Mutex<TcpStream>,
}

impl Running {
    pub async fn start(broker: Broker) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port().to_string();
        let mut command = Command::new(broker.program);
        match broker.program {
            "redis-server" => command.args(["--port", &port, "--bind", "127.0.0.1"]).args([
                "--save",
                "",
                "--appendonly",
                "no",
                "--maxclients",
                "10000",
                "--client-output-buffer-limit",
                "pubsub 0 0 0",
            ]),
            _ => command.args(["-a", "127.0.0.1", "-p", &port]),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().map_err(|error| {
            format!("{} is not installed ({error}); its column is skipped", broker.program)
        })?;
        let address = format!("127.0.0.1:{port}");
        let connecting = async {
            loop {
                if let Ok(stream) = TcpStream::connect(&address).await {
                    return stream;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let mut publisher = tokio::time::timeout(START_TIMEOUT, connecting).await?;
        publisher.set_nodelay(true)?;
        if broker.program == "nats-server" {
            publisher.write_all(b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\n").await?;
        }
        Ok(Self { broker, process, address, publisher: publisher.into() })
    }

    /// Returns the number of the server's process.
    pub fn process(&self) -> String {
        self.process.id().to_string()
    }

    pub async fn send(&self, messages: usize, number: i64) -> Result<()> {
        let (before, after) = self.broker.publish;
        let message = [before, &number.to_be_bytes(), after].concat();
        let mut publisher = self.publisher.lock().await;
        publisher.write_all(&message.repeat(messages)).await?;
        // Answers of the broker must not fill its queue.
        let mut answers = [0; 4096];
        while let Ok(1..) = publisher.try_read(&mut answers) {}
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
