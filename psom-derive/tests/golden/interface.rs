/// The interface of a room.
pub trait BroadcastServer {
    /// Sends `text` to everybody.
    fn s_broadcast(&mut self, cx: &mut Context<Self>, text: &str);
    fn s_ping(&mut self) -> Result<(), Violation>;
    fn s_broadcast_to(&mut self, cx: &mut Context<Self>, ids: Vec<i64>, text: String);
    fn s_rename(&mut self, cx: &mut Context<Self>, title: &str) -> Result<(), Violation>;
    fn s_vote(&mut self, cx: &mut Context<Self>, choice: i32);
    fn s_draw(&mut self, cx: &mut Context<Self>, ink: &[u8]);
    fn s_set_status(&mut self, cx: &mut Context<Self>, r#type: Status);
    fn s_leave(&mut self, cx: &mut Context<Self>);
    fn s_turn(&mut self, cx: &mut Context<Self>, page: i32);
    fn s_load(
        &mut self,
        cx: &mut Context<Self>,
        name: &str,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
/// Calls [`BroadcastServer`] on a peer or a group of peers.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct BroadcastServerProxy<T = ()>(T);
const _: () = {
    use ::psom::__private::{self as __psom, MethodDesc as __Row, ArgDesc as __Param};
    const __DESC: &__psom::InterfaceDesc = &__psom::InterfaceDesc::new(
        "Example.Broadcast",
        &[(1, 1234567890123456), (10, -7)],
        &[
            __Row::new("sBroadcast", &[__Param::new::<str>("text")]),
            __Row::new("sPing", &[]),
            __Row::new(
                "sBroadcast",
                &[__Param::new::<Vec<i64>>("ids"), __Param::new::<String>("text")],
            ),
            __Row::new("sRename", &[__Param::new::<str>("title")]),
            __Row::new("sVote", &[__Param::new::<i32>("choice")]),
            __Row::new("sDraw", &[__Param::new::<[u8]>("ink")]),
            __Row::new("sSetStatus", &[__Param::new::<Status>("type")]),
            __Row::new("sLeave", &[]),
            __Row::new("sTurn", &[__Param::new::<i32>("page")]).since(10).latest(),
            __Row::new("sLoad", &[__Param::new::<str>("name")]).since(10),
        ],
    );
    impl __psom::Interface for BroadcastServerProxy {
        const DESC: &'static __psom::InterfaceDesc = __DESC;
        type Proxy<T: __psom::Target> = BroadcastServerProxy<T>;
        fn proxy<T: __psom::Target>(target: T) -> BroadcastServerProxy<T> {
            BroadcastServerProxy(target)
        }
    }
    impl<T> ::core::ops::Deref for BroadcastServerProxy<T> {
        type Target = T;
        fn deref(&self) -> &T {
            &self.0
        }
    }
    impl<T> ::core::ops::DerefMut for BroadcastServerProxy<T> {
        fn deref_mut(&mut self) -> &mut T {
            &mut self.0
        }
    }
    impl<T: __psom::Narrow> BroadcastServerProxy<T> {
        /// Keeps the peers for which `keep` returns true.
        #[must_use]
        pub fn filter(
            self,
            keep: impl ::core::ops::FnMut(&__psom::PeerInfo) -> bool,
        ) -> Self {
            Self(self.0.narrow(keep))
        }
    }
    #[allow(missing_docs, clippy::too_many_arguments)]
    impl<T: __psom::Target> BroadcastServerProxy<T> {
        /// Sends `text` to everybody.
        pub fn s_broadcast(&mut self, text: &str) -> T::Sent {
            self.0.call(__DESC, 1, &[&text])
        }
        pub fn s_ping(&mut self) -> T::Sent {
            self.0.call(__DESC, 2, &[])
        }
        pub fn s_broadcast_to(&mut self, ids: &[i64], text: &str) -> T::Sent {
            self.0.call(__DESC, 3, &[&ids, &text])
        }
        pub fn s_rename(&mut self, title: &str) -> T::Sent {
            self.0.call(__DESC, 4, &[&title])
        }
        pub fn s_vote(&mut self, choice: i32) -> T::Sent {
            self.0.call(__DESC, 5, &[&choice])
        }
        pub fn s_draw(&mut self, ink: &[u8]) -> T::Sent {
            self.0.call(__DESC, 6, &[&ink])
        }
        pub fn s_set_status(&mut self, r#type: Status) -> T::Sent {
            self.0.call(__DESC, 7, &[&r#type])
        }
        pub fn s_leave(&mut self) -> T::Sent {
            self.0.call(__DESC, 8, &[])
        }
        pub fn s_turn(&mut self, page: i32) -> T::Sent {
            self.0.call(__DESC, 9, &[&page])
        }
        pub fn s_load(&mut self, name: &str) -> T::Sent {
            self.0.call(__DESC, 10, &[&name])
        }
    }
    impl BroadcastServerProxy {
        /// Dispatches a call to an object that implements [`BroadcastServer`].
        pub fn dispatch<'a, S: BroadcastServer + ::core::marker::Send>(
            this: &'a mut S,
            cx: &'a mut __psom::Context<S>,
            call: __psom::Incoming<'a>,
        ) -> ::core::result::Result<__psom::Outcome<'a>, __psom::Violation> {
            let outcome = match call.method() {
                1 => {
                    let ((text,), loan) = call.decode::<(__psom::Held<str>,)>()?;
                    __psom::done(this.s_broadcast(cx, __psom::lend(&text, loan)))
                }
                2 => {
                    let ((), _) = call.decode::<()>()?;
                    __psom::done(this.s_ping())
                }
                3 => {
                    let ((ids, text), _) = call.decode::<(Vec<i64>, String)>()?;
                    __psom::done(this.s_broadcast_to(cx, ids, text))
                }
                4 => {
                    let ((title,), loan) = call.decode::<(__psom::Held<str>,)>()?;
                    __psom::done(this.s_rename(cx, __psom::lend(&title, loan)))
                }
                5 => {
                    let ((choice,), _) = call.decode::<(i32,)>()?;
                    __psom::done(this.s_vote(cx, choice))
                }
                6 => {
                    let ((ink,), loan) = call.decode::<(__psom::Held<[u8]>,)>()?;
                    __psom::done(this.s_draw(cx, __psom::lend(&ink, loan)))
                }
                7 => {
                    let ((r#type,), _) = call.decode::<(Status,)>()?;
                    __psom::done(this.s_set_status(cx, r#type))
                }
                8 => {
                    let ((), _) = call.decode::<()>()?;
                    __psom::done(this.s_leave(cx))
                }
                9 => {
                    let ((page,), _) = call.decode::<(i32,)>()?;
                    __psom::done(this.s_turn(cx, page))
                }
                10 => {
                    let ((name,), loan) = call.decode::<(__psom::Held<str>,)>()?;
                    __psom::later(async move {
                        this.s_load(cx, __psom::lend(&name, loan)).await
                    })
                }
                _ => return ::core::result::Result::Err(call.unknown_method()),
            };
            ::core::result::Result::Ok(outcome)
        }
    }
};
