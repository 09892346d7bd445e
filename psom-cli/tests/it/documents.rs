//! Documents in a meeting: links, revisions, editors, and a server that is killed.

use std::{fs, path::Path};

use crate::support::{Running, Stage, psom};

/// Returns the address behind a link for Office.
fn address(link: &str) -> String {
    link.strip_prefix("ms-word:ofe|u|").unwrap().to_owned()
}

/// Returns the link for users in a meeting that has no other presenters.
fn shared(stage: &Stage, text: &str) -> String {
    fs::write(stage.file("report.docx"), text).unwrap();
    let shared = stage.ok(&["share", &stage.link, "report.docx", "--edit"]);
    assert_eq!(shared, "Shared \"report.docx\".");
    address(&stage.ok(&["open", &stage.link, "report.docx"]))
}

fn put(stage: &Stage, url: &str, text: &str, expect: &str) -> String {
    fs::write(stage.file("new"), text).unwrap();
    stage.ok(&["cell", "put", url, "new", "--expect", expect])
}

fn get(stage: &Stage, revision: &str) -> String {
    stage.ok(&["get", &stage.link, "report.docx", "--revision", revision, "-o", "-"])
}

#[test]
fn uploads_are_revisions_that_everybody_sees() {
    let stage = Stage::open(&[]);
    let url = shared(&stage, "first");
    assert!(url.contains("/edit/") && url.ends_with("/report.docx"), "{url}");
    let mut watch = stage.start(&["watch", &stage.guests, "--as", "Bob"]);
    watch.until(&["\"report.docx\" has revision 1 by", "5 bytes"]);
    let mut own = stage.start(&["watch", &stage.link, "--json"]);
    own.until(&["documentLink", "ms-word:ofe|u|http://"]);

    assert_eq!(put(&stage, &url, "second", "1"), "The document has revision 2.");
    watch.until(&["\"report.docx\" has revision 2 by", "6 bytes", "SHA-1"]);
    own.until(&["documentRevision", "\"number\":2"]);
    assert_eq!((get(&stage, "1"), get(&stage, "2")), ("first".into(), "second".into()));
    assert_eq!(stage.ok(&["get", &stage.link, "report.docx", "-o", "-"]), "second");
    let absent = stage.fails(&["get", &stage.link, "report.docx", "--revision", "3", "-o", "-"]);
    assert!(absent.contains("no revision 3; choose from 1, 2"), "{absent}");
    let late = stage.fails(&["cell", "put", &url, "new", "--expect", "1"]);
    assert!(late.contains("revision 2, not 1"), "{late}");
    let guest = stage.fails(&["open", &stage.guests, "report.docx", "--as", "Bob"]);
    assert!(guest.contains("you may not edit documents"), "{guest}");

    stage.ok(&["delete", &stage.link, "report.docx"]);
    let gone = stage.fails(&["cell", "get", &url, "-o", "-"]);
    assert!(gone.contains("FileUnauthorizedAccess"), "{gone}");
}

#[test]
fn a_shared_file_becomes_a_document() {
    let stage = Stage::open(&[]);
    fs::write(stage.file("plan.docx"), "the plan").unwrap();
    stage.ok(&["share", &stage.link, "plan.docx"]);
    let absent = stage.fails(&["open", &stage.link, "plan.docx"]);
    assert!(absent.contains("is not a document"), "{absent}");
    let url = address(&stage.ok(&["edit", &stage.link, "plan.docx"]));
    assert_eq!(stage.ok(&["cell", "get", &url, "-o", "-"]), "the plan");
    let again = stage.ok(&["edit", &stage.link, "plan.docx"]);
    assert!(again.starts_with("ms-word:ofe|u|"), "{again}");
    let old = stage.fails(&["get", &stage.link, "plan.docx (before editing)", "-o", "-"]);
    assert!(old.contains("plan.docx"), "{old}");
}

#[test]
fn editors_are_announced_when_they_join_and_leave() {
    let stage = Stage::open(&[]);
    let url = shared(&stage, "first");
    let mut watch = stage.start(&["watch", &stage.guests, "--as", "Bob"]);
    watch.until(&["has revision 1"]);
    let call = |verb: &str| {
        let sub = format!(
            "<SubRequest Type=\"Coauth\" SubRequestToken=\"1\"><SubRequestData \
             CoauthRequestType=\"{verb}\" ClientID=\"{{C}}\" SchemaLockID=\"{{S}}\" \
             Timeout=\"600\"/></SubRequest>"
        );
        soap(&url, &sub)
    };
    let joined = call("JoinCoauthoring");
    assert!(joined.contains("CoauthStatus=\"Alone\""), "{joined}");
    watch.until(&["has opened \"report.docx\"."]);
    call("ExitCoauthoring");
    watch.until(&["An editor has closed \"report.docx\"."]);
}

/// Sends sub-requests for a document and returns the answer.
fn soap(url: &str, sub_requests: &str) -> String {
    let host = url.split('/').nth(2).unwrap();
    let body = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
         <RequestVersion Version=\"2\"/><RequestCollection><Request Url=\"{url}\" \
         RequestToken=\"1\">{sub_requests}</Request></RequestCollection></s:Body></s:Envelope>"
    );
    let site = format!("http://{host}/_vti_bin/cellstorage.svc/CellStorageService");
    let answer = ureq::post(&site).header("content-type", "text/xml").send(&body).unwrap();
    answer.into_body().read_to_string().unwrap()
}

/// Starts the server of a stage again on the same ports.
fn restart(directory: &Path, psom_port: &str, http_port: &str) -> Running {
    let mut serve = psom(directory);
    serve.args(["serve", "--demo", "--listen", psom_port, "--http", http_port]);
    let mut server = Running::start(&mut serve);
    (0..3).for_each(|_| drop(server.line()));
    server
}

#[test]
fn a_killed_server_keeps_each_answered_revision_of_a_meeting() {
    let mut stage = Stage::open(&[]);
    let url = shared(&stage, "revision 1");
    let about = fs::read_to_string(stage.file("psom-data/server.json")).unwrap();
    let about: serde_json::Value = serde_json::from_str(&about).unwrap();
    let psom_port = about["psom"].as_str().unwrap().to_owned();
    let http_port = about["http"].as_str().unwrap().trim_start_matches("http://").to_owned();
    for round in 2..=4 {
        let text = format!("revision {round}");
        put(&stage, &url, &text, &(round - 1).to_string());
        stage.server.child.kill().unwrap();
        stage.server.child.wait().unwrap();
        stage.server = restart(stage.directory.path(), &psom_port, &http_port);
        for number in 1..=round {
            assert_eq!(get(&stage, &number.to_string()), format!("revision {number}"));
        }
        // The link belongs to the user and outlasts the restart.
        assert_eq!(stage.ok(&["cell", "get", &url, "-o", "-"]), text);
    }
}

#[test]
fn a_kill_during_an_upload_leaves_no_partial_revision() {
    let mut stage = Stage::open(&[]);
    let url = shared(&stage, "first");
    let about = fs::read_to_string(stage.file("psom-data/server.json")).unwrap();
    let about: serde_json::Value = serde_json::from_str(&about).unwrap();
    let psom_port = about["psom"].as_str().unwrap().to_owned();
    let http_port = about["http"].as_str().unwrap().trim_start_matches("http://").to_owned();
    let mut newest = 1;
    for round in 0..4u64 {
        let text = format!("round {round} ").repeat(200_000 * round as usize + 1);
        fs::write(stage.file("new"), &text).unwrap();
        let expect = newest.to_string();
        let mut upload = psom(stage.directory.path());
        upload.args(["cell", "put", &url, "new", "--expect", &expect]);
        upload.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut upload = upload.spawn().unwrap();
        // The kill hits another step of the upload in each round.
        std::thread::sleep(std::time::Duration::from_millis(25 * round));
        stage.server.child.kill().unwrap();
        stage.server.child.wait().unwrap();
        let answered = upload.wait().unwrap().success();
        stage.server = restart(stage.directory.path(), &psom_port, &http_port);
        let found = stage.ok(&["cell", "get", &url, "-o", "-"]);
        if found == text.trim_end() {
            newest += 1;
        } else {
            assert!(!answered, "round {round}: an answered revision is lost");
        }
        let kept = get(&stage, &newest.to_string());
        assert!(kept == found, "round {round}: the newest revision is another one");
    }
}

#[test]
fn a_demotion_and_the_end_of_the_meeting_end_a_link() {
    let stage = Stage::open(&[]);
    let invite = |role: &str| {
        let user = ["--name", "Grace", "--uri", "sip:grace@example.com", "--role", role];
        stage.ok(&[&["invite", "demo"], &user[..]].concat())
    };
    let url = shared(&stage, "first");
    let presenter = invite("presenter");
    let own = address(&stage.ok(&["open", &presenter, "report.docx"]));
    assert_ne!(own, url, "each user has a link");
    assert_eq!(stage.ok(&["cell", "get", &own, "-o", "-"]), "first");

    let mut watch = stage.start(&["watch", &presenter]);
    watch.until(&["report.docx"]);
    // The link of an attendee changes the role of the user who is there.
    let attendee = invite("attendee");
    let refused = stage.fails(&["open", &attendee, "report.docx"]);
    assert!(refused.contains("you may not edit documents"), "{refused}");
    for action in [&["get", &own, "-o", "-"][..], &["put", &own, "report.docx", "--expect", "1"]] {
        let gone = stage.fails(&[&["cell"], action].concat());
        assert!(gone.contains("FileUnauthorizedAccess"), "{gone}");
    }
    // The others keep theirs, and a user who is promoted again gets a new one.
    assert_eq!(stage.ok(&["cell", "get", &url, "-o", "-"]), "first");
    let again = address(&stage.ok(&["open", &invite("presenter"), "report.docx"]));
    assert_ne!(again, own);
    assert_eq!(stage.ok(&["cell", "get", &again, "-o", "-"]), "first");

    stage.ok(&["meeting", "end", "demo"]);
    for url in [&url, &again] {
        let gone = stage.fails(&["cell", "get", url, "-o", "-"]);
        assert!(gone.contains("FileUnauthorizedAccess"), "{gone}");
    }
}

#[test]
fn a_renamed_document_has_a_link_with_its_name() {
    let stage = Stage::open(&[]);
    let url = shared(&stage, "first");
    let mut watch = stage.start(&["watch", &stage.link, "--json"]);
    watch.until(&["documentLink", "report.docx"]);
    let rename = "<SubRequest Type=\"FileOperation\" SubRequestToken=\"1\"><SubRequestData \
                  FileOperation=\"Rename\" NewFileName=\"plan.docx\"/></SubRequest>";
    let renamed = soap(&url, rename);
    assert!(renamed.contains("ErrorCode=\"Success\""), "{renamed}");
    watch.until(&["documentLink", "plan.docx"]);
    let new = address(&stage.ok(&["open", &stage.link, "report.docx"]));
    assert!(new.ends_with("/plan.docx"), "{new}");
    // The secret decides, so the link before still works.
    for url in [&url, &new] {
        assert_eq!(stage.ok(&["cell", "get", url, "-o", "-"]), "first");
    }
    assert_eq!(put(&stage, &new, "second", "1"), "The document has revision 2.");
}
