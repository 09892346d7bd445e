//! An object needs only its traits in scope, and the import of both traits is used.

#![deny(warnings)]
#![allow(dead_code)]

mod interfaces {
    use psom::{Context, psom_interface};

    #[psom_interface(name = "Example.Import", version = 1, hash = 1)]
    pub trait ImportServer {
        #[deprecated]
        fn s_old(&mut self, cx: &mut Context<Self>);
        async fn s_wait(&mut self);
    }

    #[psom_interface(name = "Example.Import", version = 1, hash = 2)]
    pub trait ImportClient {
        fn c_ping(&mut self);
    }
}

mod room {
    use psom::{Context, distributed_object};

    use super::interfaces::{ImportClient, ImportServer};

    #[distributed_object(serves = ImportServer, calls = ImportClient)]
    struct Room;

    impl ImportServer for Room {
        fn s_old(&mut self, cx: &mut Context<Self>) {
            cx.caller().c_ping();
        }
        async fn s_wait(&mut self) {}
    }
}

mod paths {
    use psom::{Context, distributed_object};

    #[distributed_object(serves = super::interfaces::ImportServer, calls = crate::interfaces::ImportClient)]
    struct Room;

    impl super::interfaces::ImportServer for Room {
        fn s_old(&mut self, _: &mut Context<Self>) {}
        async fn s_wait(&mut self) {}
    }
}

fn main() {}
