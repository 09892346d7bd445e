//! An interface without the macros: the code that `#[psom_interface]` and `#[distributed_object]`
//! generate, written by hand. Both ways can be mixed: here a macro generates the other half.
//!
//! ```text
//! cargo run --example by_hand
//! ```
#![expect(clippy::print_stdout, reason = "an example prints its results")]

use std::ops::{Deref, DerefMut};

use psom::{
    Context, DistributedObject, Interface, InterfaceDesc, Violation, distributed_object,
    interface::{Declared, Incoming, MethodDesc, Outcome, ParamDesc, Target, done, lend},
    psom_interface,
    testing::Pair,
};

/// The server's half, with the macro.
#[psom_interface(name = "Example.Echo", version = 1, hash = -9074263232449846203)]
pub trait EchoServer {
    /// Asks for `times` echoes.
    fn s_call(&mut self, cx: &mut Context<Self>, text: &str, times: i32);
}

/// The client's half by hand: the trait that clients implement.
pub trait EchoClient {
    /// Receives an echo.
    fn c_echo(&mut self, cx: &mut Context<Self>, text: &str, number: i32)
    where
        Self: Sized;
}

/// The proxy, which sends its calls to a target. `EchoClientProxy<()>` represents the interface.
pub struct EchoClientProxy<T = ()>(T);

impl Interface for EchoClientProxy {
    const DESC: &'static InterfaceDesc = &InterfaceDesc::new(
        "Example.Echo",
        &[(1, 1775593514598809802)],
        &[MethodDesc::new(
            "cEcho",
            &[ParamDesc::lent::<str>("text"), ParamDesc::new::<i32>("number")],
        )],
    );
    type Proxy<T: Target> = EchoClientProxy<T>;

    fn proxy<T: Target>(target: T) -> EchoClientProxy<T> {
        EchoClientProxy(target)
    }
}

/// Lets `#[distributed_object]` find the proxy by the trait.
impl Declared for dyn EchoClient {
    type Half = EchoClientProxy;
}

impl<T> Deref for EchoClientProxy<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for EchoClientProxy<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Target> EchoClientProxy<T> {
    /// Sends an echo.
    pub fn c_echo(&self, text: &str, number: i32) -> T::Sent {
        self.0.call(EchoClientProxy::DESC, 1, &[&text, &number])
    }
}

/// The server's object, with the macro.
#[distributed_object(serves = EchoServer, calls = EchoClient)]
struct Mountain;

impl EchoServer for Mountain {
    fn s_call(&mut self, cx: &mut Context<Self>, text: &str, times: i32) {
        for number in 1..=times.min(3) {
            cx.caller().c_echo(text, number);
        }
    }
}

/// The client's object by hand.
#[derive(Default)]
struct Hiker {
    heard: Vec<String>,
}

impl EchoClient for Hiker {
    fn c_echo(&mut self, _: &mut Context<Self>, text: &str, number: i32) {
        println!("echo {number}: {text}");
        self.heard.push(text.to_owned());
    }
}

impl DistributedObject for Hiker {
    type Serves = EchoClientProxy;
    type Calls = EchoServerProxy;

    fn dispatch<'a>(
        &'a mut self,
        cx: &'a mut Context<Self>,
        call: Incoming<'a>,
    ) -> Result<Outcome<'a>, Violation> {
        match call.method() {
            1 => {
                // A `&str` is decoded into the text buffer of the call and borrowed from it.
                let ((text, number), loan) = call.decode::<(psom::interface::Held<str>, i32)>()?;
                self.c_echo(cx, lend::<str>(&text, loan), number);
                done(())
            }
            _ => Err(call.unknown_method()),
        }
    }
}

fn main() {
    let mut pair = Pair::new(Mountain, Hiker::default());
    pair.on_client(0, |_, cx| {
        cx.peers().s_call("holla", 3);
    });
    let heard = pair.on_client(0, |hiker, _| hiker.heard.len());
    assert_eq!(heard, 3);
}
