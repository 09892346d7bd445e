impl<S: Store> Room<S> {
    fn content(
        &mut self,
        cx: &mut Context<Self>,
        content_id: i64,
    ) -> Option<Handle<Content>> {
        self.contents.get(&content_id).cloned()
    }
    fn poll(&mut self) -> Handle<Poll> {
        self.poll.clone()
    }
    fn helper(&self) {}
}
const _: () = {
    use ::psom::__private as __psom;
    impl<S: Store> __psom::ChildFactories for Room<S> {
        fn factories() -> __psom::Vec<__psom::ChildDesc> {
            ::core::convert::From::from([
                __psom::ChildDesc::of::<Option<Handle<Content>>>("content.{content_id}"),
                __psom::ChildDesc::of::<Handle<Poll>>("poll"),
            ])
        }
        fn make(
            &mut self,
            cx: &mut __psom::Context<Self>,
            part: &__psom::str,
        ) -> __psom::Child {
            if let ::core::option::Option::Some([content_id]) = __psom::captures(
                "content.{content_id}",
                part,
            )
                && let ::core::option::Option::Some(content_id) = <i64 as __psom::PartCapture>::from_part(
                    content_id,
                )
            {
                return __psom::IntoChild::into_child(
                    Self::content(self, cx, content_id),
                );
            }
            if part.eq_ignore_ascii_case("poll") {
                return __psom::IntoChild::into_child(Self::poll(self));
            }
            ::core::result::Result::Ok(::core::option::Option::None)
        }
    }
};
