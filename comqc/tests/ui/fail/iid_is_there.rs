use comqc::queued_interface;

#[queued_interface(base = IUnknown)]
trait Ship {
    fn process(&mut self);
}

fn main() {}
