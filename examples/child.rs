//! A client asks for a child, the server connects one, and the two halves talk: the flow of section
//! 1.3.2 of the specification, without a network (`PSOM_TRACE=1` shows the messages).
//!
//! ```text
//! cargo run --example child
//! ```

use psom::{
    Client, Context, Handle, Lifecycle, Server, Tokens, User, distributed_object, psom_interface,
};
use psom_examples::Result;

/// The server's half of ExampleDO.
#[psom_interface(name = "Example.ExampleDO", version = 1, hash = 6022381697019052915)]
pub trait ExampleServer {
    /// Asks for a child of one's own.
    fn hook_up_child(&mut self, cx: &mut Context<Self>);
}

/// The client's half of ExampleDO.
#[psom_interface(name = "Example.ExampleDO", version = 1, hash = 6626181189680881631)]
pub trait ExampleClient {}

/// The server's half of ChildDO.
#[psom_interface(name = "Example.ChildDO", version = 1, hash = 3325462890841036026)]
pub trait ChildServer {
    /// Says something to the server.
    fn example_server_method(&mut self, cx: &mut Context<Self>, text: &str);
}

/// The client's half of ChildDO.
#[psom_interface(name = "Example.ChildDO", version = 1, hash = 2816169644265932226)]
pub trait ChildClient {
    /// Says something to the client.
    fn example_client_method(&mut self, text: &str);
}

// `connects` names what the object connects to its peers, so that both sides negotiate it.
#[distributed_object(serves = ExampleServer, calls = ExampleClient, connects = Child)]
struct Example;

impl ExampleServer for Example {
    fn hook_up_child(&mut self, cx: &mut Context<Self>) {
        // The child is this client's alone, so it goes when the client does.
        let child = cx.add_while_connected(Child);
        if let Err(error) = cx.caller().connect("child", child) {
            println!("server: the client cannot have a child: {error}");
        }
    }
}

#[distributed_object(serves = ChildServer, calls = ChildClient)]
struct Child;

impl ChildServer for Child {
    fn example_server_method(&mut self, cx: &mut Context<Self>, text: &str) {
        println!("server: the child was told {text:?}");
        cx.caller().example_client_method("hello, client");
    }
}

impl Lifecycle for Child {
    fn disconnected(&mut self, cx: &mut Context<Self>) {
        println!("server: {} is gone, and the child with it", cx.caller().user().name);
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
        println!("client: the child was told {text:?}");
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
    // The answer comes, unless the connection ends first: then there is nothing to wait for.
    let _ = answer.await;
    session.close().await;
    server.shutdown(std::time::Duration::from_secs(5)).await;
    Ok(())
}
