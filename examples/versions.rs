//! A version 1 client with a version 10 server, and the reverse. Each side can call the methods of
//! the highest common version.
//!
//! ```text
//! cargo run --example versions
//! ```
#![expect(clippy::print_stdout, reason = "an example prints its results")]

/// A program of the first version.
mod v1 {
    use std::sync::Arc;

    use psom::{Context, distributed_object, psom_interface};
    use tokio::sync::Notify;

    /// The methods that clients call on the server.
    #[psom_interface(name = "Example.Thermometer", version = 1, hash = -3268396721360657817)]
    pub(crate) trait ThermometerServer {
        /// Asks for a reading.
        fn s_read(&mut self, cx: &mut Context<Self>);
    }

    /// The methods that the server calls on clients.
    #[psom_interface(name = "Example.Thermometer", version = 1, hash = -1344559018589411359)]
    pub(crate) trait ThermometerClient {
        /// Sends a reading in degrees Celsius.
        fn c_reading(&mut self, celsius: f64);
    }

    #[distributed_object(serves = ThermometerServer, calls = ThermometerClient)]
    pub(crate) struct Thermometer;

    impl ThermometerServer for Thermometer {
        fn s_read(&mut self, cx: &mut Context<Self>) {
            cx.caller().c_reading(21.5);
        }
    }

    #[distributed_object(serves = ThermometerClient, calls = ThermometerServer)]
    pub(crate) struct Display(pub(crate) Arc<Notify>);

    impl ThermometerClient for Display {
        fn c_reading(&mut self, celsius: f64) {
            println!("  version 1 display: {celsius} degrees");
            self.0.notify_one();
        }
    }
}

/// The same program in version 10. It also lists version 1, and appends its new methods.
mod v10 {
    use std::sync::Arc;

    use psom::{Context, distributed_object, psom_interface};
    use tokio::sync::Notify;

    /// The methods that clients call on the server.
    #[psom_interface(
        name = "Example.Thermometer",
        version = 1,
        hash = -3268396721360657817,
        version = 10,
        hash = -4056013728455657351
    )]
    pub(crate) trait ThermometerServer {
        /// Asks for a reading.
        fn s_read(&mut self, cx: &mut Context<Self>);
        /// Sets the location of the thermometer.
        #[since(10)]
        fn s_set_place(&mut self, place: &str);
    }

    /// The methods that the server calls on clients.
    #[psom_interface(
        name = "Example.Thermometer",
        version = 1,
        hash = -1344559018589411359,
        version = 10,
        hash = -2430175988900484650
    )]
    pub(crate) trait ThermometerClient {
        /// Sends a reading in degrees Celsius.
        fn c_reading(&mut self, celsius: f64);
        /// Sends a reading with the location of the thermometer.
        #[since(10)]
        fn c_reading_at(&mut self, celsius: f64, place: &str);
    }

    #[distributed_object(serves = ThermometerServer, calls = ThermometerClient)]
    #[derive(Default)]
    pub(crate) struct Thermometer {
        place: String,
    }

    impl ThermometerServer for Thermometer {
        fn s_read(&mut self, cx: &mut Context<Self>) {
            // Calls the newest method that the client's version has.
            if cx.caller().version() >= 10 {
                cx.caller().c_reading_at(21.5, &self.place);
            } else {
                cx.caller().c_reading(21.5);
            }
        }

        fn s_set_place(&mut self, place: &str) {
            self.place = place.to_owned();
        }
    }

    #[distributed_object(serves = ThermometerClient, calls = ThermometerServer)]
    pub(crate) struct Display(pub(crate) Arc<Notify>);

    impl ThermometerClient for Display {
        fn c_reading(&mut self, celsius: f64) {
            println!("  version 10 display: {celsius} degrees");
            self.0.notify_one();
        }

        fn c_reading_at(&mut self, celsius: f64, place: &str) {
            println!("  version 10 display: {celsius} degrees in the {place}");
            self.0.notify_one();
        }
    }
}

use std::sync::Arc;

use psom::{Client, ClientSession, DistributedObject, Server, Tokens, User};
use psom_examples::Result;
use tokio::sync::Notify;

#[tokio::main]
async fn main() -> Result<()> {
    let shown: Arc<Notify> = Arc::default();
    println!("old client, new server:");
    let (server, session) =
        join(v10::Thermometer::default(), v1::Display(Arc::clone(&shown))).await?;
    println!("  version {} is negotiated", session.version());
    session.root().s_read().await?;
    leave(server, session, &shown).await;

    println!("new client, old server:");
    let (server, session) = join(v1::Thermometer, v10::Display(Arc::clone(&shown))).await?;
    println!("  version {} is negotiated", session.version());
    session.root().s_read().await?;
    // The old server lacks this method, so the call returns an error and is not sent.
    if let Err(error) = session.root().s_set_place("attic").await {
        println!("  {error}");
    }
    leave(server, session, &shown).await;

    println!("new client, new server:");
    let (server, session) =
        join(v10::Thermometer::default(), v10::Display(Arc::clone(&shown))).await?;
    println!("  version {} is negotiated", session.version());
    session.root().s_set_place("attic").await?;
    session.root().s_read().await?;
    leave(server, session, &shown).await;
    Ok(())
}

async fn join<S: DistributedObject, C: DistributedObject>(
    thermometer: S,
    display: C,
) -> Result<(Server, ClientSession<C>)> {
    let tokens = Tokens::new();
    let server = Server::builder().root(thermometer).authenticator(tokens.clone()).start()?;
    let (near, far) = tokio::io::duplex(4096);
    server.accept(far);
    let token = tokens.issue(User::new(1, "Ada"));
    let session = Client::builder().root(display).token(token).connect_stream(near).await?;
    Ok((server, session))
}

/// Ends the session when the display has shown the reading.
async fn leave<C: DistributedObject>(server: Server, session: ClientSession<C>, shown: &Notify) {
    shown.notified().await;
    server.shutdown(std::time::Duration::from_secs(5)).await;
    session.ended().await;
}
