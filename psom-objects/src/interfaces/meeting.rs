use psom::{Context, Violation, psom_interface};

/// Meeting on the server: the root (sections 3.1.4.1.6 and 3.3.4.1.1).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Meeting",
    version = 2,
    hash = 7811924786664530844
)]
pub trait MeetingServer {
    /// Not supported. A client must not call it.
    fn s_set_info(&mut self, info: &str) -> Result<(), Violation>;
}

/// Meeting on the client (section 3.2.4.1.1).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.Meeting",
    version = 2,
    hash = 2106930589629680263
)]
pub trait MeetingClient {
    /// Marks the end of the meeting's initial state.
    fn c_meeting_ready(&mut self, cx: &mut Context<Self>);
    /// Ignored by clients.
    fn c_set_info(&mut self, info: &str);
    /// Sets the server's time, in UTC as `2026-11-22T13:05:00`.
    fn c_set_server_time(&mut self, cx: &mut Context<Self>, server_time: String);
    /// Sets the URL base, to which the names of files are appended.
    fn c_set_url_base(&mut self, cx: &mut Context<Self>, url_base: String);
}
