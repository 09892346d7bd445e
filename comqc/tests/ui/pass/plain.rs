use comqc::queued_interface;

/// Has documentation, other attributes, raw names and no method with a parameter.
#[queued_interface(iid = "{5e0c1a30-7b1d-4c6e-9e5f-0a1b2c3d4e5f}", base = IDispatch)]
#[allow(dead_code)]
trait Odd {
    /// Does something.
    #[dispid(-5)]
    fn r#type(&mut self);
    #[dispid(7, put)]
    fn colour(&mut self, value: u32);
    #[dispid(7, putref)]
    fn set_colour(&mut self, value: comqc::oaut::Object);
}

#[queued_interface(iid = "5E0C1A30-7B1D-4C6E-9E5F-0A1B2C3D4E5F")]
pub trait Empty {}

fn main() {}
