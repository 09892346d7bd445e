pub struct Room<S: Store> {
    annotations: Handle<AnnotationContainer>,
    store: S,
}
const _: () = {
    #[allow(unused_imports)]
    use ::psom::__private::{self as __psom, NoFactories as _, NoLifecycle as _};
    impl<S: Store> __psom::DistributedObject for Room<S> {
        type Serves = <dyn broadcast::BroadcastServer as __psom::Declared>::Half;
        type Calls = <dyn broadcast::BroadcastClient as __psom::Declared>::Half;
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
        ) -> __psom::Dispatched<'a> {
            <<dyn broadcast::BroadcastServer as __psom::Declared>::Half>::dispatch(
                self,
                cx,
                call,
            )
        }
        fn child(
            &mut self,
            cx: &mut __psom::Context<Self>,
            part: &__psom::str,
        ) -> __psom::Child {
            if part.eq_ignore_ascii_case("annotationContainer") {
                return __psom::IntoChild::into_child(
                    ::core::clone::Clone::clone(&self.annotations),
                );
            }
            __psom::Probe::<Self>::make(self, cx, part)
        }
    }
    const _: () = __psom::assert_halves(
        <<dyn broadcast::BroadcastServer as __psom::Declared>::Half as __psom::Interface>::DESC,
        <<dyn broadcast::BroadcastClient as __psom::Declared>::Half as __psom::Interface>::DESC,
    );
};
