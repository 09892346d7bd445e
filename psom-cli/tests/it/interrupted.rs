//! What is interrupted leaves nothing behind.

use std::{fs, os::unix::fs::PermissionsExt, process::Command, thread};

use crate::support::{Stage, psom};

#[test]
fn slides_that_nobody_waits_for_leave_no_file_and_no_program() {
    let stage = Stage::open(&[]);
    let (programs, temporary) = (stage.file("programs"), stage.file("temporary"));
    fs::create_dir(&programs).unwrap();
    fs::create_dir(&temporary).unwrap();
    // In the place of LibreOffice: a program that has another one do the work.
    let office = programs.join("soffice");
    let here = stage.directory.path().display();
    let script = format!(
        "#!/bin/sh\nsleep 1000 &\necho $! > {here}/made\nmv {here}/made {here}/pid\nwait\n"
    );
    let write = "printf %s \"$2\" > \"$1\" && chmod +x \"$1\"";
    let written = Command::new("sh").args(["-c", write, "sh"]).arg(&office).arg(script).status();
    assert!(written.unwrap().success());
    fs::write(stage.file("Plan.odp"), b"PK\x03\x04...").unwrap();
    for signal in ["-INT", "-TERM"] {
        let mut slides = psom(stage.directory.path());
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
        slides.env("TMPDIR", &temporary).env("PATH", path);
        slides.args(["slides", &stage.link, "Plan.odp"]);
        let slides = slides.stderr(std::process::Stdio::piped()).spawn().unwrap();
        let pid = loop {
            match fs::read_to_string(stage.file("pid")) {
                Ok(pid) => break pid.trim().to_owned(),
                Err(_) => thread::yield_now(),
            }
        };
        let made: Vec<_> = fs::read_dir(&temporary).unwrap().map(Result::unwrap).collect();
        assert!(!made.is_empty());
        for directory in made {
            assert_eq!(directory.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        }
        let id = slides.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let output = slides.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "error: interrupted\n");
        assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
        let mut left = Command::new("kill");
        left.args(["-0", &pid]).stderr(std::process::Stdio::null());
        // What has ended may wait for its new parent to take note of it.
        let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(!left.status().unwrap().success() || state.contains(") Z "), "{state}");
        fs::remove_file(stage.file("pid")).unwrap();
    }
}
