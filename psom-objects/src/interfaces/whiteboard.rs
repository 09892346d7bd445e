use psom::{Context, psom_interface};

/// WhiteboardContent on the server (sections 3.1.4.1.13 and 3.3.4.1.9): nothing can be called.
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.WhiteboardContent",
    version = 1,
    hash = 4720625287907297465
)]
pub trait WhiteboardContentServer {}

/// WhiteboardContent on the client (section 3.2.4.1.9).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.WhiteboardContent",
    version = 1,
    hash = 5909677840878629841
)]
pub trait WhiteboardContentClient {
    /// Marks the end of the board's initial state.
    fn c_connect_completed(&mut self, cx: &mut Context<Self>);
}
