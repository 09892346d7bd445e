//! Children: fields of every kind, and methods with captures of every kind.

#![deny(warnings)]
#![allow(dead_code)]

use psom::{Context, Handle, Violation, distributed_object, psom_interface};

#[psom_interface(name = "Example.Child", version = 1, hash = 1)]
trait ChildServer {
    fn s_ping(&mut self);
}

#[psom_interface(name = "Example.Child", version = 1, hash = 2)]
trait ChildClient {}

#[distributed_object(serves = ChildServer, calls = ChildClient)]
struct Leaf;

impl ChildServer for Leaf {
    fn s_ping(&mut self) {}
}

#[distributed_object(serves = ChildServer, calls = ChildClient)]
struct Pair(#[child("left")] Handle<Leaf>, #[child("right")] Option<Handle<Leaf>>, i32);

impl ChildServer for Pair {
    fn s_ping(&mut self) {}
}

#[distributed_object(serves = ChildServer, calls = ChildClient)]
struct Tree {
    #[child("leaf")]
    leaf: Handle<Leaf>,
    size: usize,
}

#[distributed_object]
impl Tree {
    fn new(leaf: Handle<Leaf>) -> Self {
        Self { leaf, size: 0 }
    }

    #[child("fixed")]
    fn fixed(&mut self) -> Handle<Leaf> {
        self.leaf.clone()
    }

    #[child("content.{content_id}")]
    fn content(&mut self, cx: &mut Context<Self>, content_id: i64) -> Option<Handle<Leaf>> {
        let _ = cx;
        (content_id > 0).then(|| self.leaf.clone())
    }

    /// The parameters may have another order than the captures.
    #[child("page.{page}.{layer}/x")]
    fn layer(&mut self, layer: String, page: u32) -> Result<Handle<Leaf>, Violation> {
        let _ = (layer, page);
        Ok(self.leaf.clone())
    }

    #[child("{name}")]
    fn any(
        &mut self,
        _: &mut Context<Tree>,
        name: String,
    ) -> Result<Option<Handle<Leaf>>, Violation> {
        Ok((!name.is_empty()).then(|| self.leaf.clone()))
    }
}

impl ChildServer for Tree {
    fn s_ping(&mut self) {}
}

fn main() {
    let _ = Tree::new;
}
