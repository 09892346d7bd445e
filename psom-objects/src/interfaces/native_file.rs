use psom::{Context, psom_interface};

/// NativeFileOnlyContent on the server (sections 3.1.4.1.10 and 3.3.4.1.7): nothing can be called.
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.NativeFileOnlyContent",
    version = 1,
    hash = 6421877628186475469
)]
pub trait NativeFileOnlyContentServer {}

/// NativeFileOnlyContent on the client (section 3.2.4.1.7).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.NativeFileOnlyContent",
    version = 1,
    hash = 5585496037459248534
)]
pub trait NativeFileOnlyContentClient {
    /// Marks the end of the content's initial state.
    fn c_connect_completed(&mut self, cx: &mut Context<Self>);
}
