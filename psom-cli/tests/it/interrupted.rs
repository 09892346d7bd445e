//! Interrupted commands leave nothing behind.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
};

use crate::support::{Stage, psom};

/// A program in the place of LibreOffice that starts another one, which never ends.
struct Office {
    pid: PathBuf,
    temporary: PathBuf,
    path: String,
}

impl Office {
    fn on(stage: &Stage) -> Self {
        let (programs, temporary) = (stage.file("programs"), stage.file("temporary"));
        fs::create_dir(&programs).unwrap();
        fs::create_dir(&temporary).unwrap();
        let office = programs.join("soffice");
        let here = stage.directory.path().display();
        let script = format!(
            "#!/bin/sh\nsleep 1000 &\necho $! > {here}/made\nmv {here}/made {here}/pid\nwait\n"
        );
        let write = "printf %s \"$2\" > \"$1\" && chmod +x \"$1\"";
        let written =
            Command::new("sh").args(["-c", write, "sh"]).arg(&office).arg(script).status();
        assert!(written.unwrap().success());
        fs::write(stage.file("Plan.odp"), b"PK\x03\x04...").unwrap();
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
        Self { pid: stage.file("pid"), temporary, path }
    }

    /// Starts to share a presentation, and waits until the conversion runs. Also returns the process
    /// ID of the program that never ends.
    fn convert(&self, stage: &Stage, link: &str) -> (Child, String) {
        let mut slides = psom(stage.directory.path());
        slides.env("TMPDIR", &self.temporary).env("PATH", &self.path);
        slides.args(["slides", link, "Plan.odp"]);
        let slides = slides.stderr(Stdio::piped()).spawn().unwrap();
        let pid = loop {
            match fs::read_to_string(&self.pid) {
                Ok(pid) => break pid.trim().to_owned(),
                Err(_) => thread::yield_now(),
            }
        };
        fs::remove_file(&self.pid).unwrap();
        (slides, pid)
    }

    /// Asserts that nothing is left of a conversion, and returns the error output.
    fn is_over(&self, slides: Child, pid: &str, code: i32) -> String {
        let output = slides.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(fs::read_dir(&self.temporary).unwrap().count(), 0);
        let mut left = Command::new("kill");
        left.args(["-0", pid]).stderr(Stdio::null());
        // An ended process may be a zombie until its new parent reaps it.
        let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(!left.status().unwrap().success() || state.contains(") Z "), "{state}");
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn an_interrupted_conversion_leaves_nothing_behind() {
    let stage = Stage::open(&[]);
    let office = Office::on(&stage);
    for signal in ["-INT", "-TERM"] {
        let (slides, pid) = office.convert(&stage, &stage.link);
        let made: Vec<_> = fs::read_dir(&office.temporary).unwrap().map(Result::unwrap).collect();
        assert!(!made.is_empty());
        for directory in made {
            assert_eq!(directory.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        }
        let id = slides.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(office.is_over(slides, &pid, 130), "error: interrupted\n");
    }
}

#[test]
fn a_conversion_ends_with_the_meeting_or_the_server() {
    let mut stage = Stage::open(&[]);
    let office = Office::on(&stage);
    stage.ok(&["meeting", "create", "team"]);
    let (slides, pid) = office.convert(&stage, &stage.invite("Ada", "presenter"));
    stage.ok(&["meeting", "end", "team"]);
    let why = office.is_over(slides, &pid, 1);
    assert!(why.contains("the meeting has ended, or the server has stopped"), "{why}");
    let (slides, pid) = office.convert(&stage, &stage.link);
    stage.server.child.kill().unwrap();
    // The command tries to join again for a while.
    let why = office.is_over(slides, &pid, 1);
    assert!(why.contains("The connection to the server was lost; joining again."), "{why}");
    assert!(why.contains("cannot reach the server at http://127.0.0.1:"), "{why}");
}

/// A page with nested forms, eleven deep, each of which draws the next one twenty times.
fn endless() -> Vec<u8> {
    let form = |number: usize, next: usize| {
        let content = "/X Do ".repeat(20);
        format!(
            "{number} 0 obj\n<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << \
             /XObject << /X {next} 0 R >> >> /Length {} >>\nstream\n{content}\nendstream\nendobj\n",
            content.len()
        )
    };
    let mut file = "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n\
                    2 0 obj\n<< /Type /Pages /Count 1 /Kids [3 0 R] >>\nendobj\n\
                    3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 96 54] /Contents 4 0 R \
                    /Resources << /XObject << /X 4 0 R >> >> >>\nendobj\n"
        .to_owned();
    (4..15).for_each(|number| file.push_str(&form(number, number + 1)));
    file.push_str(
        "15 0 obj\n<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 1 >>\nstream\n \n\
         endstream\nendobj\ntrailer\n<< /Size 16 /Root 1 0 R >>\n%%EOF\n",
    );
    file.into_bytes()
}

#[test]
fn drawing_an_endless_page_can_be_interrupted() {
    let stage = Stage::open(&[]);
    let temporary = stage.file("temporary");
    fs::create_dir(&temporary).unwrap();
    fs::write(stage.file("Plan.pdf"), endless()).unwrap();
    let mut slides = psom(stage.directory.path());
    slides.env("TMPDIR", &temporary).args(["slides", &stage.link, "Plan.pdf"]);
    let slides = slides.stderr(Stdio::piped()).spawn().unwrap();
    while fs::read_dir(&temporary).unwrap().count() == 0 {
        thread::yield_now();
    }
    let id = slides.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let output = slides.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "error: interrupted\n");
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}
