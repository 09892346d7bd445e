use psom::{Context, Violation, psom_interface};

/// ContentUserManager on the server (sections 3.1.4.1.7 and 3.3.4.1.2): nothing can be called.
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.ContentUserManager",
    version = 1,
    hash = 5320330165687787020
)]
pub trait ContentUserManagerServer {}

/// ContentUserManager on the client (section 3.2.4.1.2).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.ContentUserManager",
    version = 1,
    hash = 5320330165687787020
)]
pub trait ContentUserManagerClient {
    /// Adds users: their identifiers, addresses and display names, in arrays of equal length.
    fn c_users_added(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i64>,
        uris: Vec<String>,
        display_names: Vec<String>,
    ) -> Result<(), Violation>;
    /// Removes users by their identifiers.
    fn c_users_removed(&mut self, cx: &mut Context<Self>, ids: Vec<i64>);
}
