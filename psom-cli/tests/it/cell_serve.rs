//! `psom cell serve`, `get` and `put` against each other.

use std::fs;

use crate::support::{Running, psom};

struct Site {
    folder: tempfile::TempDir,
    server: Running,
    url: String,
}

impl Site {
    fn open() -> Self {
        Self::over(tempfile::tempdir().unwrap())
    }

    fn over(folder: tempfile::TempDir) -> Self {
        fs::create_dir_all(folder.path().join("docs")).unwrap();
        let mut serve = psom(folder.path());
        let mut server =
            Running::start(serve.args(["cell", "serve", "docs", "--listen", "127.0.0.1:0"]));
        let line = server.line();
        let url = format!("{}report.docx", line.split_once(" at ").unwrap().1);
        Self { folder, server, url }
    }

    fn put(&self, text: &str, expect: &str) -> Result<String, String> {
        fs::write(self.folder.path().join("new"), text).unwrap();
        self.run(&["cell", "put", &self.url, "new", "--expect", expect, "--as", "Ada"])
    }

    fn get(&self) -> Result<String, String> {
        self.run(&["cell", "get", &self.url, "-o", "-"])
    }

    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = psom(self.folder.path()).args(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap().trim_end().to_owned();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }
}

#[test]
fn documents_are_served_put_and_read() {
    let site = Site::open();
    let absent = site.get().unwrap_err();
    assert!(absent.contains("FileNotExistsOrCannotBeCreated"), "{absent}");
    assert_eq!(site.put("first", "none").unwrap(), "The document has revision 1.");
    let exists = site.put("other", "none").unwrap_err();
    assert!(exists.contains("the document has changed on the server"), "{exists}");
    assert_eq!(site.put("second", "1").unwrap(), "The document has revision 2.");
    let late = site.put("third", "1").unwrap_err();
    assert!(late.contains("revision 2, not 1") && late.contains("--expect 2"), "{late}");
    assert_eq!(site.get().unwrap(), "second");
    assert_eq!(fs::read(site.folder.path().join("docs/report.docx")).unwrap(), b"second");
    site.server.interrupt();
}

#[test]
fn a_killed_server_keeps_each_answered_revision() {
    let mut site = Site::open();
    let mut expected = "none".to_owned();
    for round in 1..=5 {
        let text = format!("revision {round} ").repeat(20_000);
        site.put(&text, &expected).unwrap();
        expected = round.to_string();
        site.server.child.kill().unwrap();
        site.server.child.wait().unwrap();
        site = Site::over(site.folder);
        assert!(site.get().unwrap() == text.trim_end(), "round {round}");
    }
    let history = fs::read_dir(site.folder.path().join("docs/.psom-cell/report.docx")).unwrap();
    assert_eq!(history.count(), 6, "five revisions and the description");
}

#[test]
fn an_address_of_the_network_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let serve = ["cell", "serve", ".", "--listen", "0.0.0.0:0"];
    let output = psom(folder.path()).args(serve).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("served without a login"), "{errors}");
}

#[test]
fn a_document_of_40_mb_survives_a_round_trip() {
    let site = Site::open();
    let folder = site.folder.path();
    let mut file: Vec<u8> = (0..5_000_000u64)
        .flat_map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes())
        .collect();
    for (revision, expect) in [(1, "none"), (2, "1")] {
        fs::write(folder.join("large"), &file).unwrap();
        let put = site.run(&["cell", "put", &site.url, "large", "--expect", expect]);
        assert_eq!(put.unwrap(), format!("The document has revision {revision}."));
        site.run(&["cell", "get", &site.url, "-o", "got", "--force"]).unwrap();
        assert!(fs::read(folder.join("got")).unwrap() == file, "revision {revision}");
        assert!(fs::read(folder.join("docs/report.docx")).unwrap() == file);
        file.splice(20_000_000..20_000_000, *b"an insertion");
    }
}

#[test]
fn a_site_that_leads_to_this_machine_is_refused() {
    let site = Site::open();
    site.put("first", "none").unwrap();
    for (host, status) in [("evil.example", 421), ("localhost", 200)] {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let answer = agent.get(&site.url).header("host", host).call().unwrap();
        assert_eq!(answer.status(), status, "{host}");
    }
}
