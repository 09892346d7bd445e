use psom::{Context, Violation, psom_interface};

/// Meeting on the server: the root (sections 3.1.4.1.6 and 3.3.4.1.1).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Meeting",
    version = 2,
    hash = 7811924786664530844
)]
pub trait MeetingServer {
    /// Not supported: must not be called.
    fn s_set_info(&mut self, info: &str) -> Result<(), Violation>;
}

/// Meeting on the client (section 3.2.4.1.1).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Meeting",
    version = 2,
    hash = 2106930589629680263
)]
pub trait MeetingClient {
    /// The meeting's state has been told.
    fn c_meeting_ready(&mut self, cx: &mut Context<Self>);
    /// To be ignored.
    fn c_set_info(&mut self, info: &str);
    /// The time on the server, in UTC as `2026-11-22T13:05:00`.
    fn c_set_server_time(&mut self, cx: &mut Context<Self>, server_time: String);
    /// What the names of files are appended to.
    fn c_set_url_base(&mut self, cx: &mut Context<Self>, url_base: String);
}
