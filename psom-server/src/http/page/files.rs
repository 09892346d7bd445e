//! The files of the page, without their comments and compressed.
//!
//! Comments are a third of the compressed bytes, and a phone downloads the page for each meeting. A removed
//! comment leaves its empty lines, so that a browser reports errors at the lines of the sources.

use std::{io::Write as _, sync::OnceLock};

use data_encoding::HEXLOWER;
use flate2::{Compression, write::GzEncoder};
use sha1::{Digest as _, Sha1};

/// Bytes of the hash in an entity tag. 64 bits are enough to distinguish the versions of a file.
const TAG_BYTES: usize = 8;

/// A file of the page.
pub(super) struct PageFile {
    pub(super) path: &'static str,
    source: &'static str,
    plain: OnceLock<Encoded>,
    compressed: OnceLock<Encoded>,
}

/// The bytes of a response, and their entity tag.
pub(super) struct Encoded {
    pub(super) bytes: &'static [u8],
    pub(super) tag: String,
}

impl Encoded {
    fn new(bytes: &'static [u8]) -> Self {
        Self { bytes, tag: format!("\"{}\"", HEXLOWER.encode(&Sha1::digest(bytes)[..TAG_BYTES])) }
    }
}

impl PageFile {
    const fn new(path: &'static str, source: &'static str) -> Self {
        Self { path, source, plain: OnceLock::new(), compressed: OnceLock::new() }
    }

    /// Returns the file as it is in the sources.
    pub(super) fn plain(&self) -> &Encoded {
        self.plain.get_or_init(|| Encoded::new(self.source.as_bytes()))
    }

    /// Returns the file without its comments, as gzip. It is compressed for the first request and kept.
    pub(super) fn compressed(&self) -> &Encoded {
        self.compressed.get_or_init(|| {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            let written = gzip.write_all(without_comments(self.path, self.source).as_bytes());
            match written.and_then(|()| gzip.finish()) {
                // The table of files is static, so each file is leaked at most once.
                Ok(bytes) => Encoded::new(bytes.leak()),
                Err(error) => unreachable!("a vector takes all bytes: {error}"),
            }
        })
    }
}

/// Empties the lines of a script or a style sheet that contain nothing but a comment, and removes
/// types (`/** @type … */`) between code. Other comments beside code stay. This works without
/// parsing the languages, because no string in the files of the page begins a line like a comment
/// or contains a type.
fn without_comments(path: &str, source: &str) -> String {
    if path.ends_with(".html") {
        return source.to_owned();
    }
    let mut kept = String::with_capacity(source.len());
    let mut is_inside = false;
    for line in source.lines() {
        let text = line.trim();
        let begins = !is_inside && text.starts_with("/*");
        // A comment before code, such as a cast, is a part of the code's line.
        let is_code = begins && text.find("*/").is_some_and(|end| end + 2 < text.len());
        let is_comment = is_inside || (begins && !is_code) || text.starts_with("//");
        if !is_comment {
            push_without_types(&mut kept, line);
        }
        kept.push('\n');
        is_inside = (is_inside || (begins && !is_code)) && !text.ends_with("*/");
    }
    kept
}

/// Appends a line of code without the types in it.
fn push_without_types(kept: &mut String, line: &str) {
    let mut rest = line;
    while let Some((before, comment)) = rest.split_once("/** @") {
        let Some((_, after)) = comment.split_once("*/") else { break };
        kept.push_str(before);
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    kept.push_str(rest);
}

macro_rules! page_files {
    ($($path:literal),* $(,)?) => {
        [$(PageFile::new($path, include_str!(concat!("../../../../psom-js/", $path)))),*]
    };
}

pub(super) static FILES: [PageFile; 38] = page_files![
    "codec.js",
    "connection.js",
    "error.js",
    "index.js",
    "interface.js",
    "meeting/board.js",
    "meeting/conference.js",
    "meeting/document.js",
    "meeting/files.js",
    "meeting/interfaces.js",
    "meeting/package.js",
    "meeting/questions.js",
    "meeting/uploads.js",
    "meeting/zip.js",
    "page/add.js",
    "page/app.js",
    "page/board-list.js",
    "page/board-view.js",
    "page/dom.js",
    "page/drawing.js",
    "page/export.js",
    "page/gestures.js",
    "page/home.html",
    "page/index.html",
    "page/layers.js",
    "page/outbox.js",
    "page/pdf.js",
    "page/questions-view.js",
    "page/session.js",
    "page/stroke.js",
    "page/style.css",
    "page/svg.js",
    "page/texts.js",
    "page/tools.js",
    "page/viewport.js",
    "page/views.js",
    "record.js",
    "session.js",
];

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::{fs, io::Read as _, path::Path};

    use flate2::read::GzDecoder;

    use super::*;

    /// Upper bound on the page that a browser downloads. At 0.5 Mbit/s, a phone downloads it in a
    /// second.
    const MAX_PAGE_BYTES: usize = 60_000;

    #[test]
    fn every_file_of_the_page_is_served() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../psom-js");
        for folder in ["", "meeting", "page"] {
            for entry in fs::read_dir(root.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                let is_served = FILES.iter().any(|file| file.path == name);
                let belongs_to_page =
                    [".js", ".css", ".html"].iter().any(|end| name.ends_with(end));
                assert_eq!(is_served, belongs_to_page, "{name}");
            }
        }
    }

    #[test]
    fn whole_page_is_below_60_kb() {
        let bytes: usize = FILES.iter().map(|file| file.compressed().bytes.len()).sum();
        let plain: usize = FILES.iter().map(|file| file.source.len()).sum();
        eprintln!("the page has {bytes} bytes as gzip, and {plain} bytes in the sources");
        assert!(bytes < MAX_PAGE_BYTES, "{bytes}");
    }

    #[test]
    fn only_whole_comments_are_left_out() {
        for file in &FILES {
            let mut kept = String::new();
            GzDecoder::new(file.compressed().bytes).read_to_string(&mut kept).unwrap();
            assert_eq!(kept.lines().count(), file.source.lines().count(), "{}", file.path);
            for (kept, line) in kept.lines().zip(file.source.lines()) {
                let text = line.trim();
                let is_comment = ["//", "/*", "*"].iter().any(|start| text.starts_with(start));
                let mut code = String::new();
                push_without_types(&mut code, line);
                assert!(kept == code || (kept.is_empty() && is_comment), "{}: {line}", file.path);
                // A text over several lines could begin like a comment on one of them.
                assert!(line.matches('`').count().is_multiple_of(2), "{}: {line}", file.path);
            }
        }
        let source = "/** a\n * b */\nc; // d\n/** @type {E} */ (f);\n  // g\n/* h */\ni\n";
        let kept = without_comments("x.js", source);
        assert_eq!(kept, "\n\nc; // d\n(f);\n\n\ni\n");
    }
}
