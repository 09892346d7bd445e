//! Presentations of PowerPoint and Impress, by way of LibreOffice.

use std::{
    env::{self, consts::EXE_SUFFIX},
    ffi::OsStr,
    fs::{self, File},
    path::{self, Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use super::{ConvertOptions, Deck, DeckBuilder, Progress, check_wanted, notes, one_line, pdf};
use crate::{
    failure::{Failure, Result, While},
    files::{own_directory, read},
};

/// The first bytes of a zip archive: PPTX and ODP.
const ZIP: &[u8] = b"PK\x03\x04";
/// The first bytes of a compound file: PPT, and whatever newer is protected by a password.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Converts to a PDF, and that to slides. The notes of a PPTX come along.
pub fn convert(path: &Path, options: &ConvertOptions) -> Result<Deck> {
    let shown = path.display();
    let program = find(&options.search).ok_or_else(|| {
        Failure::new(format!(
            "{shown} needs LibreOffice, which is not installed; install it (as with `apt install \
             libreoffice-impress`), or export a PDF"
        ))
    })?;
    let is_pptx = path.extension().is_some_and(|extension| {
        extension.eq_ignore_ascii_case("pptx") || extension.eq_ignore_ascii_case("ppsx")
    });
    check_start(path, is_pptx)?;
    let notes = if is_pptx { notes::read(path)? } else { Vec::new() };
    (options.progress)(Progress::Office);
    let directory = own_directory("psom-office-")?;
    let pdf = run(&program, path, directory.path(), options)?;
    let mut deck = pdf::convert(&pdf, path, options, DeckBuilder::new(options)?)?;
    if notes.len() == deck.slides.len() {
        deck.slides.iter_mut().zip(notes).for_each(|(slide, notes)| slide.notes = notes);
    } else if notes.iter().any(|notes| !notes.is_empty()) {
        deck.remarks.push(format!(
            "the notes are left out: {shown} has {} slides to show, and LibreOffice made {}",
            notes.len(),
            deck.slides.len()
        ));
    }
    Ok(deck)
}

/// LibreOffice reads any text as some document, so what is none is found out here.
fn check_start(path: &Path, is_pptx: bool) -> Result {
    let shown = path.display();
    let start = read_start(path)?;
    if start.starts_with(ZIP) || (start.starts_with(COMPOUND) && !is_pptx) {
        return Ok(());
    }
    Err(Failure::new(if start.starts_with(COMPOUND) {
        format!("{shown} is protected by a password; save it without one")
    } else {
        format!("{shown} is no presentation, or a damaged one; save it again")
    }))
}

fn read_start(path: &Path) -> Result<Vec<u8>> {
    use std::io::Read;

    let reading = format!("read {}", path.display());
    let mut start = Vec::new();
    File::open(path).or_cannot(&reading)?.take(8).read_to_end(&mut start).or_cannot(&reading)?;
    Ok(start)
}

/// Finds LibreOffice in directories that are listed as in `PATH`.
fn find(search: &OsStr) -> Option<PathBuf> {
    let directories = env::split_paths(search).filter(|directory| directory.is_absolute());
    let programs = directories.flat_map(|directory| {
        ["soffice", "libreoffice"].map(|name| directory.join(format!("{name}{EXE_SUFFIX}")))
    });
    programs.into_iter().find(|program| program.is_file())
}

/// Runs LibreOffice with a profile of its own, so that one that is open does not matter. Returns
/// the PDF in `directory`.
fn run(program: &Path, path: &Path, directory: &Path, options: &ConvertOptions) -> Result<PathBuf> {
    let shown = path.display();
    let starting = format!("run {}", program.display());
    let said = directory.join("said");
    let pdfs = directory.join("pdf");
    fs::create_dir(&pdfs).or_cannot(&starting)?;
    let mut command = Command::new(program);
    command.args(["--headless", "--norestore", "--nologo"]);
    command.arg(format!("-env:UserInstallation={}", url(&directory.join("profile"))));
    // Named in full: what is read as another kind of document is not converted.
    command.args(["--convert-to", "pdf:impress_pdf_Export", "--outdir"]).arg(&pdfs);
    // A whole path is never taken for an option.
    command.arg(path::absolute(path).or_cannot(format_args!("read {shown}"))?);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(File::create(&said).or_cannot(&starting)?);
    let Some(status) = wait(command, options).or_cannot(&starting)? else {
        check_wanted(&options.cancelled)?;
        return Err(Failure::new(format!(
            "LibreOffice did not finish {shown} in {} s; export a PDF instead",
            options.office_limit.as_secs()
        )));
    };
    // Its status is no failure where it could not read the file.
    let mut made = fs::read_dir(&pdfs).or_cannot(&starting)?;
    match made.next() {
        Some(pdf) if status.success() => Ok(pdf.or_cannot(&starting)?.path()),
        _ => {
            let said = read(&said, 1 << 20).unwrap_or_default();
            let said = String::from_utf8_lossy(&said);
            let mut lines = said.lines().rev().map(str::trim);
            // It warns of a missing Java each time.
            let why = lines.find(|line| !line.is_empty() && !line.starts_with("Warning"));
            let why = why.map_or_else(|| status.to_string(), one_line);
            Err(Failure::new(format!(
                "LibreOffice cannot convert {shown} ({why}); export a PDF instead"
            )))
        }
    }
}

/// Waits for a program; ends it and returns nothing where it takes longer than it may, or where
/// nobody waits for it any more.
fn wait(mut command: Command, options: &ConvertOptions) -> std::io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    // It and all that it starts can be ended together.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() >= options.office_limit || options.cancelled.load(Ordering::Relaxed) {
            return end(child).map(|()| None);
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Ends a program, and what it has started.
fn end(mut child: Child) -> std::io::Result<()> {
    let group = format!("-{}", child.id());
    let signal = |name: &str| {
        let mut kill = Command::new("kill");
        kill.args(["-s", name, "--", &group]).stderr(Stdio::null()).status().is_ok()
    };
    if cfg!(unix) && signal("TERM") {
        for _ in 0..10 {
            if child.try_wait()?.is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(100));
        }
        signal("KILL");
    }
    child.kill()?;
    child.wait().map(drop)
}

/// The `file` URL of a whole path.
fn url(path: &Path) -> String {
    let path = path.to_string_lossy().replace('\\', "/");
    let mut url = "file://".to_owned();
    if !path.starts_with('/') {
        url.push('/');
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/:-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}
