//! A proxy and its methods are as visible as the trait.

#![deny(warnings, unreachable_pub)]
#![allow(dead_code)]

mod private {
    use psom::{Context, distributed_object, psom_interface};

    #[psom_interface(name = "Example.Private", version = 1, hash = 1)]
    trait PrivateServer {
        fn s_ping(&mut self, cx: &mut Context<Self>);
    }

    #[psom_interface(name = "Example.Private", version = 1, hash = 2)]
    pub(super) trait PrivateClient {
        fn c_ping(&mut self);
    }

    #[distributed_object(serves = PrivateServer, calls = PrivateClient)]
    struct Private;

    impl PrivateServer for Private {
        fn s_ping(&mut self, cx: &mut Context<Self>) {
            cx.peers().c_ping();
        }
    }

    pub(crate) mod inner {
        #[psom::psom_interface(name = "Example.Inner", version = 1, hash = 1)]
        pub(in crate::private) trait InnerServer {
            fn s_ping(&mut self);
        }

        #[psom::psom_interface(name = "Example.Inner", version = 1, hash = 2)]
        pub(crate) trait InnerClient {
            fn c_ping(&mut self);
        }

        #[psom::psom_interface(name = "Example.Inner", version = 1, hash = 3)]
        pub(crate) trait OtherServer {
            fn s_ping(&mut self);
        }
    }

    #[distributed_object(serves = inner::InnerServer, calls = self::inner::InnerClient)]
    struct Inner;

    impl inner::InnerServer for Inner {
        fn s_ping(&mut self) {}
    }
}

mod elsewhere {
    use psom::{Context, distributed_object};

    #[distributed_object(
        serves = crate::private::inner::InnerClient,
        calls = crate::private::inner::OtherServer
    )]
    struct Elsewhere;

    impl crate::private::inner::InnerClient for Elsewhere {
        fn c_ping(&mut self) {
            let _: fn(&mut Context<Self>) = |cx| drop(cx.peers().s_ping());
        }
    }
}

fn main() {}
