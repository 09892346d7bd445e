pub struct Room<S: Store> {
    annotations: Handle<AnnotationContainer>,
    store: S,
}
const _: () = {
    #[allow(unused_imports)]
    use ::psom::__private::{self as __psom, NoFactories as _, NoLifecycle as _};
    impl<S: Store> __psom::DistributedObject for Room<S> {
        type Serves = broadcast::BroadcastServerProxy;
        type Calls = broadcast::BroadcastClientProxy;
        fn children() -> __psom::Vec<__psom::ChildDesc> {
            let mut children: __psom::Vec<__psom::ChildDesc> = ::core::convert::From::from([
                __psom::ChildDesc::of::<
                    Handle<AnnotationContainer>,
                >("annotationContainer"),
            ]);
            children.append(&mut __psom::Probe::<Self>::factories());
            children
        }
        fn dispatch<'a>(
            &'a mut self,
            cx: &'a mut __psom::Context<Self>,
            call: __psom::Incoming<'a>,
        ) -> ::core::result::Result<__psom::Outcome<'a>, __psom::Violation> {
            broadcast::BroadcastServerProxy::<()>::dispatch(self, cx, call)
        }
        fn child(
            &mut self,
            cx: &mut __psom::Context<Self>,
            part: &str,
        ) -> ::core::result::Result<
            ::core::option::Option<__psom::AnyHandle>,
            __psom::Violation,
        > {
            if part.eq_ignore_ascii_case("annotationContainer") {
                return __psom::IntoChild::into_child(
                    ::core::clone::Clone::clone(&self.annotations),
                );
            }
            __psom::Probe::<Self>::make(self, cx, part)
        }
        fn connected(&mut self, cx: &mut __psom::Context<Self>) {
            __psom::Probe::<Self>::connected(self, cx);
        }
        fn disconnected(&mut self, cx: &mut __psom::Context<Self>) {
            __psom::Probe::<Self>::disconnected(self, cx);
        }
    }
    const _: () = __psom::assert_halves(
        <broadcast::BroadcastServerProxy as __psom::Interface>::DESC,
        <broadcast::BroadcastClientProxy as __psom::Interface>::DESC,
    );
};
