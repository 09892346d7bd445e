use std::{fmt, sync::Arc, time::SystemTime};

#[cfg(feature = "offline")]
use psom::{AnyHandle, offline::Offline};
use psom::{Context, Handle, Lifecycle, Scope, Violation, distributed_object};

#[cfg(feature = "offline")]
use super::actions::{ACTIONS, Actions};
use super::{
    clock::TimeOfDay,
    content_type::ContentTypes,
    content_types::{
        native_file::NativeFileOnlyContent, notes::SharedNotesContent, poll::PollContent,
        ppt::PptContent, qna::QnaContent, whiteboard::WhiteboardContent,
    },
    contents::manager::ContentManager,
    context::MeetingContext,
    durable::{RestoreError, SavedState, SetAsideContent},
    former_users::FormerUser,
    limits::MeetingLimits,
    policy::{DefaultPolicy, Policy},
    summary::MeetingSummary,
    uploads::manager::UploadManager,
    users::ContentUserManager,
};
use crate::{
    interfaces::{MeetingClient, MeetingServer},
    store::FileStore,
    types::Role,
};

/// The configuration of a meeting.
#[derive(Clone)]
pub struct MeetingConfig {
    /// The URL that the names of files are appended to: `http://host:port/files/`.
    pub url_base: String,
    /// The store of the meeting's files.
    pub files: Arc<dyn FileStore>,
    /// The rules of the meeting.
    pub policy: Arc<dyn Policy>,
    /// The limits of the meeting.
    pub limits: MeetingLimits,
    /// The types of contents that can be shared.
    pub content_types: ContentTypes,
    /// The time of day at which the meeting's space was created.
    pub started: SystemTime,
    /// Reads the time of day, so that times follow corrections of the system's clock. Without it, they
    /// count from `started`.
    pub time_of_day: Option<TimeOfDay>,
    /// The users who were in the meeting before, those who left last at the end. Clients that join later
    /// can name them.
    pub former_users: Vec<FormerUser>,
    /// The beginning of the addresses of guests, whom anybody can create. If there are too many former
    /// users, the meeting forgets guests first.
    pub guest_prefix: Option<&'static str>,
    /// The name of the meeting for recorded calls. Without a name, or without the feature `offline`, they are
    /// not accepted.
    pub offline_name: Option<String>,
}

impl MeetingConfig {
    /// Returns a configuration with the default rules and limits and with the specification's
    /// content types. `started` is the time of day at which the meeting's space is created.
    pub fn new(
        url_base: impl Into<String>,
        files: Arc<dyn FileStore>,
        started: SystemTime,
    ) -> Self {
        Self {
            url_base: url_base.into(),
            files,
            policy: Arc::new(DefaultPolicy),
            limits: MeetingLimits::default(),
            content_types: ContentTypes::standard(),
            started,
            time_of_day: None,
            former_users: Vec::new(),
            guest_prefix: None,
            offline_name: None,
        }
    }
}

impl fmt::Debug for MeetingConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeetingConfig").field("url_base", &self.url_base).finish_non_exhaustive()
    }
}

// This block is here because no other file knows all content types of the specification.
impl ContentTypes {
    /// Returns the content types of the specification.
    pub fn standard() -> Self {
        Self::none()
            .with::<NativeFileOnlyContent>()
            .with::<PollContent>()
            .with::<PptContent>()
            .with_as::<PptContent>("Content.PptWac")
            .with::<QnaContent>()
            .with::<SharedNotesContent>()
            .with::<WhiteboardContent>()
    }
}

impl Default for ContentTypes {
    fn default() -> Self {
        Self::standard()
    }
}

/// The root of a conference on a server (section 3.3.4.1.1).
#[distributed_object(
    serves = MeetingServer,
    calls = MeetingClient,
    connects = ContentUserManager,
    connects = ContentManager
)]
pub struct Meeting {
    context: MeetingContext,
    contents: Handle<ContentManager>,
    set_aside: Vec<SetAsideContent>,
    #[cfg(feature = "offline")]
    offline: Option<Handle<Offline>>,
}

#[cfg(feature = "offline")]
#[distributed_object]
impl Meeting {
    // The type is announced only if recorded calls are accepted.
    #[child("psom.offline")]
    fn offline(&mut self) -> Option<AnyHandle> {
        self.offline.map(Into::into)
    }
}

impl Meeting {
    /// Creates an empty meeting.
    pub fn new(scope: &mut Scope, config: MeetingConfig) -> Self {
        Self::with_state(scope, config, &SavedState::new())
    }

    /// Creates a meeting with the saved state of its recorded calls, but without contents.
    #[cfg_attr(not(feature = "offline"), expect(unused_variables, reason = "no recorded calls"))]
    fn with_state(scope: &mut Scope, config: MeetingConfig, state: &SavedState) -> Self {
        let types = config.content_types.clone();
        scope.announce_all(types.descriptions());
        let users = scope.add(ContentUserManager::new(config.former_users, config.guest_prefix));
        let context = MeetingContext::new(
            config.url_base,
            config.files,
            (config.policy, config.limits),
            types.services(),
            (config.started, scope.now(), config.time_of_day),
            users,
        );
        let contents = scope.add_with(|scope, contents| {
            let uploads = scope.add(UploadManager::new(context.clone(), contents));
            ContentManager::new(context.clone(), types, uploads)
        });
        #[cfg(feature = "offline")]
        let offline = config.offline_name.map(|name| {
            scope.announce::<Offline>();
            let actions = scope.add(Actions::new(context.clone(), contents));
            let offline = Offline::new().meeting(&name).restored(state);
            scope.add(offline.target_later(ACTIONS, actions))
        });
        Self {
            context,
            contents,
            set_aside: Vec::new(),
            #[cfg(feature = "offline")]
            offline,
        }
    }

    /// Creates a meeting from its saved state, without users and with an empty stage. A content
    /// whose saved state its type refuses, or whose type is not registered, does not stop the
    /// others: it is [set aside](Self::set_aside).
    ///
    /// # Errors
    /// A saved value cannot be read, or a file is missing.
    pub fn restore(
        scope: &mut Scope,
        config: MeetingConfig,
        state: &SavedState,
    ) -> Result<Self, RestoreError> {
        let types = config.content_types.clone();
        let mut meeting = Self::with_state(scope, config, state);
        let (context, contents) = (&meeting.context, meeting.contents);
        meeting.set_aside = ContentManager::restore(scope, contents, context, &types, state)?;
        Ok(meeting)
    }

    /// Returns the saved contents that are set aside. The caller should log them.
    pub fn set_aside(&self) -> &[SetAsideContent] {
        &self.set_aside
    }

    /// Returns the users, the contents and the stage of the meeting.
    pub fn summary(&self, cx: &Context<Self>) -> MeetingSummary {
        let users =
            cx.get(self.context.users()).map(ContentUserManager::summary).unwrap_or_default();
        let (contents, stage) = match cx.get(self.contents) {
            Ok(manager) => (manager.summary(cx), manager.stage()),
            Err(_) => Default::default(),
        };
        let (active_presenter, active_content) = (stage.presenter, stage.content);
        MeetingSummary { users, contents, active_presenter, active_content }
    }

    /// Changes a user's role. A demoted presenter leaves the stage and loses title reservations
    /// and uploads. Contents appear and disappear as the new role sees them.
    pub fn set_role(&mut self, cx: &mut Context<Self>, user: i64, role: Role) {
        let contents = self.contents;
        cx.tell(self.context.users(), move |users, cx| {
            if users.set_role(user, role) {
                cx.tell(contents, move |contents, cx| contents.on_role(cx, user));
            }
        });
    }
}

impl Meeting {
    /// Ends all connections of a user. What the user has shared stays. The caller decides whether the user
    /// may come back.
    pub fn remove_user(&mut self, cx: &mut Context<Self>, user: i64) {
        let reason = "the operator has removed you from the meeting";
        cx.tell(self.context.users(), move |_, cx| {
            ContentUserManager::remove_user(cx, user, reason)
        });
    }

    /// Ends all connections of a user who leaves the meeting with all of them.
    pub fn user_leaves(&mut self, cx: &mut Context<Self>, user: i64) {
        let reason = "you have left the meeting";
        cx.tell(self.context.users(), move |_, cx| {
            ContentUserManager::remove_user(cx, user, reason)
        });
    }
}

impl MeetingServer for Meeting {
    fn s_set_info(&mut self, _: &str) -> Result<(), Violation> {
        Err(Violation::new("sSetInfo is not supported"))
    }
}

impl Lifecycle for Meeting {
    /// Sends the time, the URL base, both children with their state, and cMeetingReady, in this
    /// order (ruling 17).
    fn connected(&mut self, cx: &mut Context<Self>) {
        let time = self.context.utc(cx.now());
        cx.caller().c_set_server_time(&time);
        cx.caller().c_set_url_base(self.context.url_base());
        let users = cx.caller().connect("contentUserManager", self.context.users());
        let contents = cx.caller().connect("contentManager", self.contents);
        if let Err(error) = users.and(contents) {
            // A client that lacks one of these interfaces cannot take part in a meeting.
            let user = cx.caller().user();
            tracing::info!(user = user.id, name = %user.name, %error, "disconnected a client without all interfaces");
            return cx.caller().hang_up();
        }
        let Some(caller) = cx.caller().id() else { return };
        let this = cx.handle();
        // Queue this call, because the children send their state in their own turns.
        cx.tell(this, move |_, cx| {
            if let Some(caller) = cx.peer(caller) {
                caller.c_meeting_ready();
            }
        });
    }
}
