use comqc::queued_interface;

#[queued_interface(iid = "5E0C1A30")]
trait Ship {
    fn process(&mut self);
}

fn main() {}
