/// The interface of a room.
pub trait BroadcastServer {
    /// Sends `text` to everybody.
    fn s_broadcast(&mut self, cx: &mut Context<Self>, text: &str)
    where
        Self: ::core::marker::Sized;
    fn s_ping(&mut self) -> Result<(), Violation>;
    fn s_broadcast_to(&mut self, cx: &mut Context<Self>, ids: Vec<i64>, text: String)
    where
        Self: ::core::marker::Sized;
    fn s_rename(&mut self, cx: &mut Context<Self>, title: &str) -> Result<(), Violation>
    where
        Self: ::core::marker::Sized;
    fn s_vote(&mut self, cx: &mut Context<Self>, choice: i32)
    where
        Self: ::core::marker::Sized;
    fn s_draw(&mut self, cx: &mut Context<Self>, ink: &[u8])
    where
        Self: ::core::marker::Sized;
    fn s_set_status(&mut self, cx: &mut Context<Self>, r#type: Status)
    where
        Self: ::core::marker::Sized;
    fn s_leave(&mut self, cx: &mut Context<Self>)
    where
        Self: ::core::marker::Sized;
    fn s_turn(&mut self, cx: &mut Context<Self>, page: i32)
    where
        Self: ::core::marker::Sized;
    fn s_load(
        &mut self,
        cx: &mut Context<Self>,
        name: &str,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send
    where
        Self: ::core::marker::Sized;
}
/// Calls [`BroadcastServer`] on a peer or a group of peers.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct BroadcastServerProxy<T = ()>(T);
const _: () = {
    use ::psom::__private::names::*;
    const __DESC: &__psom::InterfaceDesc = &__psom::InterfaceDesc::new(
        "Example.Broadcast",
        &[(1, 1234567890123456), (10, -7)],
        &[
            __Row::new(
                "sBroadcast",
                &[__Param::of("text", <str as __psom::Lend>::TYPE)],
            ),
            __Row::new("sPing", &[]),
            __Row::new(
                "sBroadcast",
                &[__Param::new::<Vec<i64>>("ids"), __Param::new::<String>("text")],
            ),
            __Row::new("sRename", &[__Param::of("title", <str as __psom::Lend>::TYPE)]),
            __Row::new("sVote", &[__Param::new::<i32>("choice")]),
            __Row::new("sDraw", &[__Param::of("ink", <[u8] as __psom::Lend>::TYPE)]),
            __Row::new("sSetStatus", &[__Param::new::<Status>("type")]),
            __Row::new("sLeave", &[]),
            __Row::new("sTurn", &[__Param::new::<i32>("page")]).since(10).latest(),
            __Row::new("sLoad", &[__Param::of("name", <str as __psom::Lend>::TYPE)])
                .since(10),
        ],
    );
    __psom::proxy!(pub BroadcastServerProxy for BroadcastServer : __DESC);
    #[allow(missing_docs, clippy::too_many_arguments)]
    impl<T: __psom::Target> BroadcastServerProxy<T> {
        /// Sends `text` to everybody.
        pub fn s_broadcast(&self, text: &__psom::str) -> T::Sent {
            self.0.call(__DESC, 1, &[__Arg(&text).get()])
        }
        pub fn s_ping(&self) -> T::Sent {
            self.0.call(__DESC, 2, &[])
        }
        pub fn s_broadcast_to(&self, ids: &[i64], text: &__psom::str) -> T::Sent {
            self.0.call(__DESC, 3, &[__Arg(&ids).get(), __Arg(&text).get()])
        }
        pub fn s_rename(&self, title: &__psom::str) -> T::Sent {
            self.0.call(__DESC, 4, &[__Arg(&title).get()])
        }
        pub fn s_vote(&self, choice: i32) -> T::Sent {
            self.0.call(__DESC, 5, &[__Arg(&choice).get()])
        }
        pub fn s_draw(&self, ink: &[u8]) -> T::Sent {
            self.0.call(__DESC, 6, &[__Arg(&ink).get()])
        }
        pub fn s_set_status(&self, r#type: Status) -> T::Sent {
            self.0.call(__DESC, 7, &[__Arg(&r#type).get()])
        }
        pub fn s_leave(&self) -> T::Sent {
            self.0.call(__DESC, 8, &[])
        }
        pub fn s_turn(&self, page: i32) -> T::Sent {
            self.0.call(__DESC, 9, &[__Arg(&page).get()])
        }
        pub fn s_load(&self, name: &__psom::str) -> T::Sent {
            self.0.call(__DESC, 10, &[__Arg(&name).get()])
        }
    }
    impl BroadcastServerProxy {
        /// Dispatches a call to an object that implements [`BroadcastServer`].
        pub fn dispatch<'a, S: BroadcastServer + ::core::marker::Send>(
            this: &'a mut S,
            cx: &'a mut __psom::Context<S>,
            call: __psom::Incoming<'a>,
        ) -> __psom::Dispatched<'a> {
            match call.method() {
                1 => {
                    let ((text,), loan) = __Args::<(__psom::Held<str>,)>::decode(call)?;
                    __psom::done(this.s_broadcast(cx, __psom::lend(&text, loan)))
                }
                2 => call.without_parameters(|| this.s_ping()),
                3 => {
                    let ((ids, text), _) = __Args::<(Vec<i64>, String)>::decode(call)?;
                    __psom::done(this.s_broadcast_to(cx, ids, text))
                }
                4 => {
                    let ((title,), loan) = __Args::<(__psom::Held<str>,)>::decode(call)?;
                    __psom::done(this.s_rename(cx, __psom::lend(&title, loan)))
                }
                5 => {
                    let ((choice,), _) = __Args::<(i32,)>::decode(call)?;
                    __psom::done(this.s_vote(cx, choice))
                }
                6 => {
                    let ((ink,), _) = __Args::<(__psom::HeldSlice<u8>,)>::decode(call)?;
                    __psom::done(this.s_draw(cx, ink.get()))
                }
                7 => {
                    let ((r#type,), _) = __Args::<(Status,)>::decode(call)?;
                    __psom::done(this.s_set_status(cx, r#type))
                }
                8 => call.without_parameters(|| this.s_leave(cx)),
                9 => {
                    let ((page,), _) = __Args::<(i32,)>::decode(call)?;
                    __psom::done(this.s_turn(cx, page))
                }
                10 => {
                    let ((name,), loan) = __Args::<(__psom::Held<str>,)>::decode(call)?;
                    __psom::later(async move {
                        this.s_load(cx, __psom::lend(&name, loan)).await
                    })
                }
                _ => ::core::result::Result::Err(call.unknown_method()),
            }
        }
    }
};
