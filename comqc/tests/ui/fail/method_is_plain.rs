use comqc::queued_interface;

#[queued_interface(iid = "5E0C1A30-7B1D-4C6E-9E5F-0A1B2C3D4E5F", base = IUnknown)]
trait Ship {
    async fn process(&mut self);
}

fn main() {}
