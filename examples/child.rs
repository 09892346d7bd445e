//! A client asks for a child object, the server connects one, and the two halves call each other:
//! the flow of section 1.3.2 of the specification, without a network (`PSOM_TRACE=1` prints the
//! messages).
//!
//! ```text
//! cargo run --example child
//! ```
#![expect(clippy::print_stdout, reason = "an example prints its results")]

use psom::{
    Client, Context, Handle, Lifecycle, Server, Tokens, User, distributed_object, psom_interface,
};
use psom_examples::Result;

/// The server's half of ExampleDO.
#[psom_interface(name = "Example.ExampleDO", version = 1, hash = 6022381697019052915)]
pub trait ExampleServer {
    /// Asks the server to connect a child.
    fn hook_up_child(&mut self, cx: &mut Context<Self>);
}

/// The client's half of ExampleDO.
#[psom_interface(name = "Example.ExampleDO", version = 1, hash = 6626181189680881631)]
pub trait ExampleClient {}

/// The server's half of ChildDO.
#[psom_interface(name = "Example.ChildDO", version = 1, hash = 3325462890841036026)]
pub trait ChildServer {
    /// Sends a text to the server.
    fn example_server_method(&mut self, cx: &mut Context<Self>, text: &str);
}

/// The client's half of ChildDO.
#[psom_interface(name = "Example.ChildDO", version = 1, hash = 2816169644265932226)]
pub trait ChildClient {
    /// Sends a text to the client.
    fn example_client_method(&mut self, text: &str);
}

// `connects` declares the type of the child, so that both sides negotiate its version.
#[distributed_object(serves = ExampleServer, calls = ExampleClient, connects = Child)]
struct Example;

impl ExampleServer for Example {
    fn hook_up_child(&mut self, cx: &mut Context<Self>) {
        // Each client gets its own child, which is removed when the client disconnects.
        let child = cx.add_while_connected(Child);
        if let Err(error) = cx.caller().connect("child", child) {
            println!("server: cannot connect the child: {error}");
        }
    }
}

#[distributed_object(serves = ChildServer, calls = ChildClient)]
struct Child;

impl ChildServer for Child {
    fn example_server_method(&mut self, cx: &mut Context<Self>, text: &str) {
        println!("server: the child received {text:?}");
        cx.caller().example_client_method("hello, client");
    }
}

impl Lifecycle for Child {
    fn disconnected(&mut self, cx: &mut Context<Self>) {
        println!("server: {} has left, and the child is removed", cx.caller().user().name);
    }
}

#[distributed_object(serves = ExampleClient, calls = ExampleServer)]
struct Mirror {
    #[child("child")]
    child: Handle<MirrorChild>,
}

impl ExampleClient for Mirror {}

#[distributed_object(serves = ChildClient, calls = ChildServer)]
struct MirrorChild {
    answered: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Lifecycle for MirrorChild {
    fn connected(&mut self, cx: &mut Context<Self>) {
        cx.caller().example_server_method("hello, server");
    }
}

impl ChildClient for MirrorChild {
    fn example_client_method(&mut self, text: &str) {
        println!("client: the child received {text:?}");
        self.answered.take().map(|answered| answered.send(()));
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let tokens = Tokens::new();
    let server = Server::builder().root(Example).authenticator(tokens.clone()).start()?;
    let (near, far) = tokio::io::duplex(4096);
    server.accept(far);

    let (answered, answer) = tokio::sync::oneshot::channel();
    let session = Client::builder()
        .root_with(|scope| Mirror { child: scope.add(MirrorChild { answered: Some(answered) }) })
        .token(tokens.issue(User::new(1, "Ada")))
        .connect_stream(near)
        .await?;

    session.root().hook_up_child().await?;
    // Fails if the connection ends before the answer arrives; then there is nothing to wait for.
    let _ = answer.await;
    session.close().await;
    server.shutdown(std::time::Duration::from_secs(5)).await;
    Ok(())
}
