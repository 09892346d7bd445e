//! Conversion of presentations of PowerPoint and Impress with LibreOffice.

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

use psom_render::one_line;

use super::{
    archive,
    deck::{ConvertOptions, Deck, DeckBuilder, Progress},
    notes::{self, Notes},
    pdf,
};
use crate::{
    error::{CommandError, OrCannot as _, Result},
    files::{private_directory, read},
};

/// The extensions that are converted.
pub(super) const EXTENSIONS: [&str; 9] =
    ["pptx", "ppsx", "pptm", "ppsm", "potx", "potm", "ppt", "pps", "odp"];

/// The extensions of PPTX files, with and without macros, and of their templates.
const PPTX_EXTENSIONS: [&str; 6] = ["pptx", "ppsx", "pptm", "ppsm", "potx", "potm"];

/// The first bytes of a compound file: PPT, and newer files with a password.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Upper bound on the messages of LibreOffice that are read.
const MAX_MESSAGE_BYTES: u64 = 1 << 20;

/// Converts a file to a PDF, and the PDF to slides. Takes the notes of a PPTX from its parts.
pub(super) fn convert(path: &Path, options: &ConvertOptions) -> Result<Deck> {
    let shown = path.display();
    let program = find(&options.search_path).ok_or_else(|| {
        CommandError::new(format!(
            "{shown} needs LibreOffice, which is not installed; install it (as with `apt install \
             libreoffice-impress`), or export a PDF"
        ))
    })?;
    let is_pptx = path.extension().is_some_and(|extension| {
        PPTX_EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
    });
    check_start(path, is_pptx)?;
    // The pages of the PDF are drawn later, so a missing program is reported before LibreOffice runs.
    options.renderer()?;
    let Notes { slides: notes, remarks } =
        if is_pptx { notes::read(path)? } else { Notes::default() };
    (options.progress)(Progress::Office);
    let directory = private_directory("psom-office-")?;
    let tidied = if is_pptx { tidied(path, directory.path())? } else { None };
    let file = tidied.as_deref().unwrap_or(path);
    let pdf = run(&program, file, path, directory.path(), options)?;
    let mut deck = pdf::convert(&pdf, path, options, DeckBuilder::new(options)?)?;
    deck.remarks.extend(remarks);
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

/// Returns a copy of a PPTX that LibreOffice can read, if it needs one.
fn tidied(path: &Path, directory: &Path) -> Result<Option<PathBuf>> {
    archive::tidied(path, directory).map_err(|error| {
        let shown = path.display();
        CommandError::new(format!(
            "{shown} is not an intact PPTX ({error}); save it again, or export a PDF"
        ))
    })
}

/// Rejects files that are not presentations. LibreOffice would read any text as a document.
fn check_start(path: &Path, is_pptx: bool) -> Result {
    let shown = path.display();
    let start = read_start(path)?;
    let is_compound = start.starts_with(COMPOUND);
    if start.starts_with(archive::START) || (is_compound && !is_pptx) {
        return Ok(());
    }
    if is_pptx && !is_compound && archive::is_archive(path) {
        return Ok(());
    }
    Err(CommandError::new(if is_compound {
        format!("{shown} is protected by a password; save it without one")
    } else {
        format!("{shown} is not a presentation, or it is damaged; save it again")
    }))
}

fn read_start(path: &Path) -> Result<Vec<u8>> {
    use std::io::Read as _;

    let reading = format!("read {}", path.display());
    let mut start = Vec::new();
    File::open(path).or_cannot(&reading)?.take(8).read_to_end(&mut start).or_cannot(&reading)?;
    Ok(start)
}

/// Searches LibreOffice in the directories of a list like `PATH`.
pub(super) fn find(search_path: &OsStr) -> Option<PathBuf> {
    let directories = env::split_paths(search_path).filter(|directory| directory.is_absolute());
    let programs = directories.flat_map(|directory| {
        ["soffice", "libreoffice"].map(|name| directory.join(format!("{name}{EXE_SUFFIX}")))
    });
    programs.into_iter().find(|program| program.is_file())
}

/// Runs LibreOffice with its own profile, so that an open LibreOffice does not interfere. Returns
/// the PDF, which is in `directory`. Errors name `path`, of which `file` may be a copy.
fn run(
    program: &Path,
    file: &Path,
    path: &Path,
    directory: &Path,
    options: &ConvertOptions,
) -> Result<PathBuf> {
    let shown = path.display();
    let starting = format!("run {}", program.display());
    let messages = directory.join("messages");
    let pdfs = directory.join("pdf");
    fs::create_dir(&pdfs).or_cannot(&starting)?;
    let mut command = Command::new(program);
    command.args(["--headless", "--norestore", "--nologo"]);
    command.arg(format!("-env:UserInstallation={}", url(&directory.join("profile"))));
    // The full name of the filter makes LibreOffice fail for a file that it reads as another kind of document.
    command.args(["--convert-to", "pdf:impress_pdf_Export", "--outdir"]).arg(&pdfs);
    // An absolute path cannot be mistaken for an option.
    command.arg(path::absolute(file).or_cannot(format_args!("read {shown}"))?);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(File::create(&messages).or_cannot(&starting)?);
    let Some(status) = wait(command, options).or_cannot(&starting)? else {
        options.check_cancelled()?;
        return Err(CommandError::new(format!(
            "LibreOffice did not finish {shown} in {} s; export a PDF instead",
            options.office_timeout.as_secs()
        )));
    };
    // LibreOffice exits with 0 even if it could not read the file.
    let mut made = fs::read_dir(&pdfs).or_cannot(&starting)?;
    match made.next() {
        Some(pdf) if status.success() => Ok(pdf.or_cannot(&starting)?.path()),
        _ => {
            let messages = read(&messages, MAX_MESSAGE_BYTES).unwrap_or_default();
            let messages = String::from_utf8_lossy(&messages);
            let mut lines = messages.lines().rev().map(str::trim);
            // LibreOffice always warns about a missing Java.
            let why = lines.find(|line| !line.is_empty() && !line.starts_with("Warning"));
            let why = why.map_or_else(|| status.to_string(), one_line);
            Err(CommandError::new(format!(
                "LibreOffice cannot convert {shown} ({why}); export a PDF instead"
            )))
        }
    }
}

/// Waits for a program. Ends it and returns `None` after the timeout or a cancellation.
fn wait(mut command: Command, options: &ConvertOptions) -> std::io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    // A process group can be ended together with the processes that it has started.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() >= options.office_timeout || options.cancelled.load(Ordering::Relaxed)
        {
            return end(child).map(|()| None);
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Ends a program and the processes that it has started.
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

/// Returns the `file` URL of an absolute path.
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
