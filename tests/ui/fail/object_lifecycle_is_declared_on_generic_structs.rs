use std::fmt::Display;

use psom::{Context, Lifecycle, distributed_object, psom_interface};

#[psom_interface(name = "Example.Gauge", version = 1, hash = 1)]
trait GaugeServer {}

#[psom_interface(name = "Example.Gauge", version = 1, hash = 2)]
trait GaugeClient {}

#[distributed_object(serves = GaugeServer, calls = GaugeClient)]
struct Undeclared<T: Send + 'static>(T);

impl<T: Send + 'static> GaugeServer for Undeclared<T> {}

impl<T: Send + 'static> Lifecycle for Undeclared<T> {
    fn connected(&mut self, _: &mut Context<Self>) {}
}

#[distributed_object(serves = GaugeServer, calls = GaugeClient, lifecycle)]
struct Bounded<T: Send + 'static>(T);

impl<T: Send + 'static> GaugeServer for Bounded<T> {}

impl<T: Send + Display + 'static> Lifecycle for Bounded<T> {
    fn connected(&mut self, _: &mut Context<Self>) {}
}

#[distributed_object(serves = GaugeServer, calls = GaugeClient, lifecycle)]
struct Missing;

impl GaugeServer for Missing {}

fn main() {}
