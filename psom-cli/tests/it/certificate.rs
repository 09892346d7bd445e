//! A certificate that another authority has signed (`psom serve --cert --key`).

use std::{fs, path::Path, process::Command};

use psom_server::tls::Identity;
use tempfile::TempDir;

use crate::support::{Stage, psom};

/// An authority that is not the server's, and its certificate for this machine.
fn authority() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    Identity::open(directory.path(), &[]).unwrap();
    directory
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Runs a command that trusts an authority as that of the system, and returns its error or nothing.
fn run(stage: &Stage, authority: &TempDir, arguments: &[&str]) -> String {
    let mut command = psom(stage.directory.path());
    command.env("SSL_CERT_FILE", authority.path().join("ca.pem")).env_remove("SSL_CERT_DIR");
    let output = command.args(arguments).output().unwrap();
    String::from_utf8(output.stderr).unwrap()
}

fn log(stage: &Stage) -> String {
    fs::read_to_string(stage.file("server.log")).unwrap()
}

fn wait_for_log(stage: &Stage, wanted: &str) {
    while !log(stage).contains(wanted) {
        std::thread::yield_now();
    }
}

#[test]
fn public_certificate_is_served_and_renewed() {
    let first = authority();
    let [chain, key] = ["server.pem", "server.key"].map(|name| first.path().join(name));
    let options = ["--cert", &text(&chain), "--key", &text(&key)];
    let stage = Stage::open_with_log(&options, "warn,psom_server=info");
    assert!(stage.pages[0].starts_with("https://") && stage.link.contains("&web=public"));
    // No system trusts this authority, and the server warns about that once.
    let warning = "browsers will not trust";
    assert_eq!(log(&stage).matches(warning).count(), 1, "{}", log(&stage));
    fs::write(stage.file("plan.txt"), "hello").unwrap();
    assert_eq!(run(&stage, &first, &["share", &stage.link, "plan.txt"]), "");
    assert_eq!(run(&stage, &first, &["invite", "demo", "--name", "Ada"]), "");
    // The web server no longer has the certificate of its own authority.
    let other = authority();
    let get = ["get", &stage.link, "plan.txt", "-o", "copy.txt", "--force"];
    let error = run(&stage, &other, &get);
    assert!(error.starts_with("error: "), "{error}");

    for name in ["server.pem", "server.key"] {
        fs::copy(other.path().join(name), first.path().join(name)).unwrap();
    }
    let process = stage.server.child.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &process]).status().unwrap().success());
    wait_for_log(&stage, "the certificate was read again");
    assert_eq!(run(&stage, &other, &get), "");

    // A file that cannot be used changes nothing.
    fs::write(&chain, "no certificate").unwrap();
    assert!(Command::new("kill").args(["-HUP", &process]).status().unwrap().success());
    wait_for_log(&stage, "the server continues with the certificate that it has");
    assert_eq!(run(&stage, &other, &get), "");
}

#[test]
fn unusable_certificate_is_an_error_at_the_start() {
    let files = authority();
    let serve = |cert: &Path, key: &Path| {
        let directory = tempfile::tempdir().unwrap();
        let mut serve = psom(directory.path());
        serve.args(["serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        let output = serve.arg("--cert").arg(cert).arg("--key").arg(key).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let [chain, key, ca] = ["server.pem", "server.key", "ca.key"].map(|it| files.path().join(it));
    assert!(serve(Path::new("missing.pem"), &key).contains("missing.pem cannot be used: "));
    assert!(serve(&chain, &ca).contains("it is not the key of "));
}

#[test]
fn a_link_needs_only_the_web_server_that_it_names() {
    let stage = Stage::open(&["--https"]);
    let (_, rest) = stage.link.strip_prefix("psom://").unwrap().split_once('/').unwrap();
    // In a cluster, the conference that the link names can be gone.
    let link = format!("psom://127.0.0.1:1/{rest}");
    assert_eq!(stage.ok(&["list", &link]), stage.ok(&["list", &stage.link]));
}
