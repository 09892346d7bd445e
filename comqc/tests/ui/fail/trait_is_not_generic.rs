use comqc::queued_interface;

#[queued_interface(iid = "5E0C1A30-7B1D-4C6E-9E5F-0A1B2C3D4E5F")]
trait Ship<T> {
    fn process(&mut self);
}

fn main() {}
