//! Locks and co-authoring in virtual time.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use fsshttpb::atom::Guid;
use psom_cellstorage::{
    ErrorName,
    document::{Caller, Document, LockRules, Revision, User},
    soap::{Requests, SubResponse},
};

use crate::support::soap;

const SCHEMA: &str = "{29358EC1-E813-4793-8E70-ED0344E7B73C}";

/// A document, and a clock that the test moves.
struct Scene {
    document: Document,
    now: SystemTime,
}

impl Scene {
    fn new(rules: LockRules) -> Self {
        let author = User { name: "Author".into(), login: "author".into(), ..User::default() };
        let revision = Revision::of(b"first", 1, author, UNIX_EPOCH);
        let file = Some(Bytes::from_static(b"first"));
        let unique = Guid::from_u128(7);
        let document =
            Document::new("report.docx".into(), "7".into(), vec![revision], file, unique);
        let document = document.unwrap().with_rules(rules);
        Self { document, now: UNIX_EPOCH + Duration::from_secs(1_800_000_000) }
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn ask(&mut self, user: &str, sub_requests: &str) -> Vec<SubResponse> {
        let body = Bytes::from(soap(sub_requests));
        let (mut requests, _) = Requests::read("text/xml", &body).unwrap();
        let caller = Caller {
            user: User { name: user.into(), login: user.into(), ..User::default() },
            may_write: user != "reader",
        };
        let request = requests.requests.remove(0);
        let (answer, change) = self.document.answer(&request, &caller, &BTreeMap::new(), self.now);
        self.document = change.document;
        answer.sub_responses
    }

    fn one(&mut self, user: &str, kind: &str, attributes: &str) -> SubResponse {
        let sub = format!(
            "<SubRequest Type=\"{kind}\" SubRequestToken=\"1\">\
             <SubRequestData {attributes}/></SubRequest>"
        );
        self.ask(user, &sub).remove(0)
    }

    fn coauth(&mut self, user: &str, verb: &str) -> SubResponse {
        self.coauth_as(user, verb, SCHEMA, "")
    }

    fn coauth_as(&mut self, user: &str, verb: &str, schema: &str, more: &str) -> SubResponse {
        let attributes = format!(
            "CoauthRequestType=\"{verb}\" ClientID=\"{{{user}}}\" SchemaLockID=\"{schema}\" \
             Timeout=\"600\" {more}"
        );
        self.one(user, "Coauth", &attributes)
    }

    fn schema(&mut self, user: &str, verb: &str) -> SubResponse {
        let attributes = format!(
            "SchemaLockRequestType=\"{verb}\" ClientID=\"{{{user}}}\" SchemaLockID=\"{SCHEMA}\" \
             ExclusiveLockID=\"{{{user}}}\" Timeout=\"600\""
        );
        self.one(user, "SchemaLock", &attributes)
    }

    fn exclusive(&mut self, user: &str, verb: &str) -> SubResponse {
        let attributes = format!(
            "ExclusiveLockRequestType=\"{verb}\" ExclusiveLockID=\"{{{user}}}\" \
             ClientID=\"{{{user}}}\" SchemaLockID=\"{SCHEMA}\" Timeout=\"600\""
        );
        self.one(user, "ExclusiveLock", &attributes)
    }

    fn status(&mut self) -> (String, Option<String>) {
        let answer = self.one("reader", "LockStatus", "");
        let kind = answer.get("LockType").unwrap().to_owned();
        (kind, answer.get("LockedBy").map(str::to_owned))
    }
}

fn scene() -> Scene {
    Scene::new(LockRules::default())
}

#[test]
fn one_client_is_alone_and_two_are_coauthoring() {
    let mut scene = scene();
    let first = scene.coauth("ada", "JoinCoauthoring");
    assert_eq!(first.get("CoauthStatus"), Some("Alone"));
    assert_eq!(first.get("LockType"), Some("SchemaLock"));
    assert_eq!(first.get("TransitionID"), Some("7"));
    assert_eq!(scene.one("ada", "AmIAlone", "").get("AmIAlone"), Some("True"));
    let second = scene.coauth("bob", "JoinCoauthoring");
    assert_eq!(second.get("CoauthStatus"), Some("Coauthoring"));
    assert_eq!(scene.one("ada", "AmIAlone", "").get("AmIAlone"), Some("False"));
    let status = scene.coauth("ada", "GetCoauthoringStatus");
    assert_eq!(status.get("CoauthStatus"), Some("Coauthoring"));
    assert_eq!(scene.coauth("ada", "MarkTransitionComplete").error, ErrorName::Success);
    assert_eq!(scene.coauth("bob", "ExitCoauthoring").error, ErrorName::Success);
    let status = scene.coauth("ada", "GetCoauthoringStatus");
    assert_eq!(status.get("CoauthStatus"), Some("Alone"));
    assert_eq!(scene.coauth("ada", "ExitCoauthoring").error, ErrorName::Success);
    assert_eq!(scene.coauth("ada", "ExitCoauthoring").error, ErrorName::InvalidCoauthSession);
    assert_eq!(scene.status(), ("0".into(), None));
}

#[test]
fn a_third_party_with_another_lock_is_refused() {
    let mut scene = scene();
    scene.coauth("ada", "JoinCoauthoring");
    let other = scene.coauth_as("eve", "JoinCoauthoring", "{OTHER}", "");
    assert_eq!(other.error, ErrorName::FileAlreadyLockedOnServer);
    assert_eq!(other.get("LockType"), Some("SchemaLock"));
    assert_eq!(other.message.as_deref(), Some("ada has locked the file"));
    let check = scene.coauth_as("eve", "CheckLockAvailability", "{OTHER}", "");
    assert_eq!(check.error, ErrorName::FileAlreadyLockedOnServer);
    assert_eq!(scene.coauth("bob", "CheckLockAvailability").error, ErrorName::Success);
    assert_eq!(scene.exclusive("eve", "GetLock").error, ErrorName::FileAlreadyLockedOnServer);
    for verb in ["RefreshCoauthoring", "GetCoauthoringStatus", "MarkTransitionComplete"] {
        assert_eq!(scene.coauth("bob", verb).error, ErrorName::InvalidCoauthSession, "{verb}");
    }
}

#[test]
fn a_lock_ends_at_its_timeout_unless_it_is_refreshed() {
    let mut scene = scene();
    scene.coauth("ada", "JoinCoauthoring");
    scene.coauth("bob", "JoinCoauthoring");
    scene.pass(599);
    let refreshed = scene.coauth("ada", "RefreshCoauthoring");
    assert_eq!(refreshed.get("CoauthStatus"), Some("Coauthoring"));
    scene.pass(1);
    let status = scene.coauth("ada", "GetCoauthoringStatus");
    assert_eq!(status.get("CoauthStatus"), Some("Alone"), "bob has timed out");
    assert_eq!(scene.status(), ("1".into(), Some("ada".into())));
    scene.pass(599);
    assert_eq!(scene.status(), ("0".into(), None));
    assert!(scene.document.sharing().editors.0.is_empty());
    assert_eq!(scene.coauth("ada", "RefreshCoauthoring").error, ErrorName::Success);
    assert_eq!(scene.exclusive("bob", "GetLock").error, ErrorName::FileAlreadyLockedOnServer);
    scene.pass(600);
    assert_eq!(scene.exclusive("bob", "GetLock").error, ErrorName::Success);
    assert_eq!(scene.status(), ("2".into(), Some("bob".into())));
    scene.pass(600);
    assert_eq!(scene.status(), ("0".into(), None));
}

#[test]
fn timeouts_are_clamped_to_their_limits() {
    let mut scene = scene();
    scene.one(
        "ada",
        "ExclusiveLock",
        "ExclusiveLockRequestType=\"GetLock\" ExclusiveLockID=\"{A}\" Timeout=\"1\"",
    );
    scene.pass(59);
    assert_eq!(scene.status().0, "2");
    scene.pass(1);
    assert_eq!(scene.status().0, "0");
}

#[test]
fn conversions_need_a_session_of_one() {
    let mut scene = scene();
    assert_eq!(scene.schema("ada", "ConvertToExclusive").error, ErrorName::InvalidCoauthSession);
    scene.schema("ada", "GetLock");
    scene.schema("bob", "GetLock");
    let refused = scene.schema("ada", "ConvertToExclusive");
    assert_eq!(refused.error, ErrorName::MultipleClientsInCoauthSession);
    let more = "ExclusiveLockID=\"{X}\" ReleaseLockOnConversionToExclusiveFailure=\"true\"";
    let left = scene.coauth_as("bob", "ConvertToExclusive", SCHEMA, more);
    assert_eq!(left.error, ErrorName::ExitCoauthSessionAsConvertToExclusiveFailed);
    let converted = scene.schema("ada", "ConvertToExclusive");
    assert_eq!(converted.get("LockType"), Some("ExclusiveLock"));
    assert_eq!(scene.schema("bob", "GetLock").error, ErrorName::FileAlreadyLockedOnServer);
    let mine = scene.schema("ada", "GetLock");
    assert_eq!(mine.get("ExclusiveLockReturnReason"), Some("CurrentUserHasExclusiveLock"));
    let joined = scene.exclusive("ada", "ConvertToSchemaJoinCoauth");
    assert_eq!(joined.get("CoauthStatus"), Some("Alone"));
    assert_eq!(scene.status().0, "1");
}

#[test]
fn exclusive_locks_belong_to_their_identifier() {
    let mut scene = scene();
    assert_eq!(scene.exclusive("ada", "ReleaseLock").error, ErrorName::FileNotLockedOnServer);
    assert_eq!(scene.exclusive("ada", "ConvertToSchema").error, ErrorName::FileNotLockedOnServer);
    assert_eq!(scene.exclusive("ada", "GetLock").error, ErrorName::Success);
    for verb in ["GetLock", "RefreshLock", "ReleaseLock", "CheckLockAvailability"] {
        let refused = scene.exclusive("bob", verb);
        assert_eq!(refused.error, ErrorName::FileAlreadyLockedOnServer, "{verb}");
    }
    assert_eq!(scene.exclusive("ada", "RefreshLock").error, ErrorName::Success);
    assert_eq!(scene.exclusive("ada", "ReleaseLock").error, ErrorName::Success);
    assert_eq!(scene.exclusive("bob", "GetLock").error, ErrorName::Success);
}

#[test]
fn without_coauthoring_only_exclusive_locks_are_granted() {
    let mut scene = Scene::new(LockRules { coauthoring: false, ..LockRules::default() });
    let refused = scene.coauth("ada", "JoinCoauthoring");
    assert_eq!(refused.error, ErrorName::FileNotLockedOnServerAsCoauthDisabled);
    let more = "AllowFallbackToExclusive=\"true\" ExclusiveLockID=\"{ada}\"";
    let granted = scene.coauth_as("ada", "JoinCoauthoring", SCHEMA, more);
    assert_eq!(granted.get("LockType"), Some("ExclusiveLock"));
    assert_eq!(granted.get("ExclusiveLockReturnReason"), Some("CoauthoringDisabled"));
    let refused = scene.exclusive("ada", "ConvertToSchema");
    assert_eq!(refused.error, ErrorName::LockNotConvertedAsCoauthDisabled);
    assert_eq!(scene.status().0, "2");
}

#[test]
fn the_number_of_coauthors_is_limited() {
    let mut scene = Scene::new(LockRules { max_coauthors: 2, ..LockRules::default() });
    scene.coauth("ada", "JoinCoauthoring");
    scene.coauth("bob", "JoinCoauthoring");
    let refused = scene.coauth("eve", "JoinCoauthoring");
    assert_eq!(refused.error, ErrorName::NumberOfCoauthorsReachedMax);
    assert_eq!(scene.coauth("ada", "JoinCoauthoring").error, ErrorName::Success);
}

#[test]
fn a_reader_gets_no_locks() {
    let mut scene = scene();
    let refused = scene.coauth("reader", "JoinCoauthoring");
    assert_eq!(refused.error, ErrorName::FileUnauthorizedAccess);
    assert_eq!(scene.exclusive("reader", "GetLock").error, ErrorName::FileUnauthorizedAccess);
}

#[test]
fn editors_join_change_their_values_and_leave() {
    let mut scene = scene();
    let call = |verb: &str, more: &str, value: &str| {
        format!(
            "<SubRequest Type=\"EditorsTable\" SubRequestToken=\"1\"><SubRequestData \
             EditorsTableRequestType=\"{verb}\" ClientID=\"{{c}}\" Timeout=\"60\" {more}>{value}\
             </SubRequestData></SubRequest>"
        )
    };
    let key = "Key=\"Platform\"";
    let early = scene.ask("ada", &call("UpdateEditorMetadata", key, "MQ==")).remove(0);
    assert_eq!(early.error, ErrorName::EditorClientIdNotFound);
    assert_eq!(scene.ask("ada", &call("JoinEditingSession", "", ""))[0].error, ErrorName::Success);
    let set = scene.ask("ada", &call("UpdateEditorMetadata", key, "MQ=="));
    assert_eq!(set[0].error, ErrorName::Success);
    let editors = &scene.document.sharing().editors.0;
    assert_eq!(editors["{C}"].values["Platform"], "MQ==");
    let long = "A".repeat(8_192);
    let refused = scene.ask("ada", &call("UpdateEditorMetadata", key, &long));
    assert_eq!(refused[0].error, ErrorName::EditorMetadataStringExceedsLengthLimit);
    for number in 0..40 {
        let key = format!("Key=\"K{number}\"");
        let answer = scene.ask("ada", &call("UpdateEditorMetadata", &key, "MQ=="));
        let full = number >= 31;
        assert_eq!(answer[0].error == ErrorName::EditorMetadataQuotaReached, full, "{number}");
    }
    let bad = scene.ask("ada", &call("UpdateEditorMetadata", "Key=\"a b\"", "MQ=="));
    assert_eq!(bad[0].error, ErrorName::InvalidArgument);
    scene.ask("ada", &call("RemoveEditorMetadata", key, ""));
    assert!(!scene.document.sharing().editors.0["{C}"].values.contains_key("Platform"));
    scene.pass(59);
    scene.ask("ada", &call("RefreshEditingSession", "", ""));
    scene.pass(59);
    assert_eq!(scene.ask("ada", &call("LeaveEditingSession", "", ""))[0].error, ErrorName::Success);
    assert!(scene.document.sharing().editors.0.is_empty());
}

#[test]
fn each_dependency_runs_under_its_condition() {
    let mut scene = scene();
    let sub = |token: u8, on: Option<(u8, &str)>, good: bool| {
        let on = on.map(|(token, kind)| format!("DependsOn=\"{token}\" DependencyType=\"{kind}\""));
        let kind = if good { "ServerTime" } else { "NoSuchType" };
        let on = on.unwrap_or_default();
        format!("<SubRequest Type=\"{kind}\" SubRequestToken=\"{token}\" {on}/>")
    };
    let cases = [
        (true, "OnExecute", ErrorName::Success),
        (false, "OnExecute", ErrorName::Success),
        (true, "OnSuccess", ErrorName::Success),
        (false, "OnSuccess", ErrorName::DependentOnlyOnSuccessRequestFailed),
        (true, "OnFail", ErrorName::DependentOnlyOnFailRequestSucceeded),
        (false, "OnFail", ErrorName::Success),
        (true, "OnNotSupported", ErrorName::DependentOnlyOnNotSupportedRequestGetSupported),
        (true, "OnSuccessOrNotSupported", ErrorName::Success),
        (true, "OnMondays", ErrorName::InvalidRequestDependencyType),
    ];
    for (good, kind, expected) in cases {
        let answers = scene.ask("ada", &(sub(1, None, good) + &sub(2, Some((1, kind)), true)));
        assert_eq!(answers[1].error, expected, "{good} {kind}");
    }
    let chain = sub(1, None, false)
        + &sub(2, Some((1, "OnSuccess")), true)
        + &sub(3, Some((2, "OnExecute")), true);
    let answers = scene.ask("ada", &chain);
    assert_eq!(answers[0].error, ErrorName::InvalidSubRequest);
    assert_eq!(answers[2].error, ErrorName::DependentRequestNotExecuted);
    let later = sub(1, Some((2, "OnExecute")), true) + &sub(2, None, true);
    assert_eq!(scene.ask("ada", &later)[0].error, ErrorName::DependentRequestNotExecuted);
    let mut off = Scene::new(LockRules { coauthoring: false, ..LockRules::default() });
    let join = format!(
        "<SubRequest Type=\"Coauth\" SubRequestToken=\"1\"><SubRequestData \
         CoauthRequestType=\"JoinCoauthoring\" ClientID=\"c\" SchemaLockID=\"{SCHEMA}\"/>\
         </SubRequest>"
    );
    for kind in ["OnNotSupported", "OnSuccessOrNotSupported"] {
        let answers = off.ask("ada", &(join.clone() + &sub(2, Some((1, kind)), true)));
        assert_eq!(answers[1].error, ErrorName::Success, "{kind}");
    }
}
