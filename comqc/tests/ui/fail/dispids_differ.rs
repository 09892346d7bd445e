use comqc::queued_interface;

#[queued_interface(iid = "5E0C1A30-7B1D-4C6E-9E5F-0A1B2C3D4E5F", base = IDispatch)]
trait Ship {
    #[dispid(3)]
    fn line_item(&mut self, quantity: i32);
    #[dispid(3)]
    fn process(&mut self);
}

fn main() {}
