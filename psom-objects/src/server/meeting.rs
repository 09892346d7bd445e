use std::sync::Arc;

use psom::{Context, Handle, Lifecycle, Scope, Violation, distributed_object};

use super::{
    MeetingConfig, RestoreError, SavedState, SetAside, Shared, clock::Clock,
    contents::ContentManager, restore, room::Room, summary::MeetingSummary, uploads::UploadManager,
    users::ContentUserManager,
};
use crate::{
    interfaces::{MeetingClientProxy, MeetingServer, MeetingServerProxy},
    types::Role,
};

/// The root of a conference on a server (section 3.3.4.1.1).
#[distributed_object(
    serves = MeetingServer,
    calls = MeetingClient,
    connects = ContentUserManager,
    connects = ContentManager
)]
pub struct Meeting {
    room: Room,
    contents: Handle<ContentManager>,
    set_aside: Vec<SetAside>,
}

impl Meeting {
    /// An empty meeting.
    pub fn new(scope: &mut Scope, config: MeetingConfig) -> Self {
        let clock = Clock::new(config.started, scope.now());
        let shared = Arc::new(Shared { config, clock });
        scope.announce_all(shared.config.content_types.descriptions());
        let users = scope.add(ContentUserManager::default());
        let room = Room { shared, users };
        let uploads = scope.add(UploadManager::new(room.clone()));
        let contents = scope.add(ContentManager::new(room.clone(), uploads));
        // The objects know each other before anything else happens.
        let _ = scope.tell(users, move |users, _| users.contents = Some(contents));
        let _ = scope.tell(uploads, move |uploads, _| uploads.contents = Some(contents));
        Self { room, contents, set_aside: Vec::new() }
    }

    /// A meeting as it was when it was last saved. Nobody is there, and the stage is empty. A
    /// content that means nothing to its type, or whose type is not there, does not keep the others
    /// from going on: it is [set aside](Self::set_aside).
    ///
    /// # Errors
    /// Something that was saved cannot be read, or one of the files is gone.
    pub fn restore(
        scope: &mut Scope,
        config: MeetingConfig,
        state: &SavedState,
    ) -> Result<Self, RestoreError> {
        let mut meeting = Self::new(scope, config);
        let mut restored = restore::contents(scope, &meeting.room, meeting.contents, state)?;
        meeting.set_aside = std::mem::take(&mut restored.aside);
        let _ = scope.tell(meeting.contents, move |contents, _| contents.take_over(restored));
        Ok(meeting)
    }

    /// The contents that were saved and do not go on. Whoever runs the meeting should say so.
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// What there is in the meeting.
    pub fn summary(&self, cx: &Context<Self>) -> MeetingSummary {
        let users = cx.get(self.room.users).map(ContentUserManager::summary).unwrap_or_default();
        let (contents, stage) = match cx.get(self.contents) {
            Ok(manager) => (manager.summary(cx), manager.stage()),
            Err(_) => Default::default(),
        };
        let (active_presenter, active_content) = (stage.presenter, stage.content);
        MeetingSummary { users, contents, active_presenter, active_content }
    }

    /// Makes a user who is there something else: a demoted presenter leaves the stage and gives
    /// reserved titles and uploads up; contents appear and disappear as the new role sees them.
    pub fn set_role(&mut self, cx: &mut Context<Self>, user: i64, role: Role) {
        let _ = cx.tell(self.room.users, move |users, cx| users.set_role(cx, user, role));
    }
}

impl MeetingServer for Meeting {
    fn s_set_info(&mut self, _: &str) -> Result<(), Violation> {
        Err(Violation::new("sSetInfo is not supported"))
    }
}

impl Lifecycle for Meeting {
    /// Ruling 17: the time, the URL base, both children and their state, ready.
    fn connected(&mut self, cx: &mut Context<Self>) {
        let time = self.room.utc(cx.now());
        cx.caller().c_set_server_time(&time);
        cx.caller().c_set_url_base(&self.room.shared.config.url_base);
        let users = cx.caller().connect("contentUserManager", self.room.users);
        let contents = cx.caller().connect("contentManager", self.contents);
        if let Err(error) = users.and(contents) {
            // A client without these two is no client of a meeting.
            tracing::info!(user = ?cx.caller().user(), %error, "A client cannot take part");
            return cx.caller().hang_up();
        }
        let Some(caller) = cx.caller().id() else { return };
        let this = cx.handle();
        let _ = cx.tell(this, move |_, cx| {
            if let Some(mut caller) = cx.peer(caller) {
                caller.c_meeting_ready();
            }
        });
    }
}
