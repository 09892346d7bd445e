use super::ServerBuilder;
use crate::{
    DistributedObject, Error, SavedValues, Scope, journal::Opened, net::handle::SpaceHandle,
};

impl ServerBuilder {
    /// Sets a journal, and a function that creates the root from the state that the journal had stored
    /// when it was opened. The output of each turn is released after the journal has stored its writes,
    /// so no peer ever sees a state that a crash can undo.
    ///
    /// ```
    /// # use psom::{Context, Memory, SavedValues, Scope, Server, distributed_object, psom_interface};
    /// # #[psom_interface(name = "Example.Lobby", version = 1, hash = 1)]
    /// # pub trait LobbyServer { fn s_rename(&mut self, cx: &mut Context<Self>, title: &str); }
    /// # #[psom_interface(name = "Example.Lobby", version = 1, hash = 2)]
    /// # pub trait LobbyClient { fn c_title(&mut self, title: &str); }
    /// #[distributed_object(serves = LobbyServer, calls = LobbyClient)]
    /// struct Lobby {
    ///     title: String,
    ///     memory: Memory,
    /// }
    ///
    /// impl Lobby {
    ///     fn new(_: &mut Scope, saved: SavedValues<'_>) -> psom::Result<Self> {
    ///         Ok(Self { title: saved.get("title")?.unwrap_or_default(), memory: saved.memory() })
    ///     }
    /// }
    ///
    /// impl LobbyServer for Lobby {
    ///     fn s_rename(&mut self, cx: &mut Context<Self>, title: &str) {
    ///         if self.memory.save(cx, "title", &title).is_ok() {
    ///             self.title = title.to_owned();
    ///             cx.peers().c_title(title);
    ///         }
    ///     }
    /// }
    ///
    /// # fn server(path: &str) -> psom::Result<psom::net::ServerBuilder> {
    /// let journal = psom::journal::File::open(path)?;
    /// let server = Server::builder().durable(journal, |scope, saved| Lobby::new(scope, saved));
    /// # Ok(server) }
    /// ```
    pub fn durable<T: DistributedObject, E: Into<Error>>(
        mut self,
        journal: impl Into<Opened>,
        root: impl FnOnce(&mut Scope, SavedValues<'_>) -> Result<T, E> + Send + 'static,
    ) -> Self {
        let Opened { journal, saved } = journal.into();
        self.root = Some(Box::new(move |config, undeclared| {
            let root =
                |scope: &mut Scope| root(scope, SavedValues::new(&saved, "")).map_err(E::into);
            let config = config.clone();
            let space = SpaceHandle::start_durable::<Error>(config, undeclared, journal, root)?;
            Ok(space.space())
        }));
        self
    }
}
