//! The limits of the program, and its messages.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    io::Write as _,
    os::unix::process::ExitStatusExt as _,
    process::{Command, Output, Stdio},
};

/// SIGABRT, the signal that ends a process whose allocation fails.
const ABORT: i32 = 6;

/// A PDF with a page that draws a grey image, compressed by run lengths.
fn with_image(side: usize) -> Vec<u8> {
    // A run of 128 zeros is two bytes.
    let data = [0x81, 0].repeat(side * side / 128);
    let mut pdf = format!(
        "%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n\
         2 0 obj << /Type /Pages /Count 1 /Kids [3 0 R] >> endobj\n\
         3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R \
         /Resources << /XObject << /I 5 0 R >> >> >> endobj\n\
         4 0 obj << /Length 26 >>\nstream\nq 200 0 0 200 0 0 cm /I Do\nendstream\nendobj\n\
         5 0 obj << /Type /XObject /Subtype /Image /Width {side} /Height {side} /BitsPerComponent 8 \
         /ColorSpace /DeviceGray /Filter /RunLengthDecode /Length {} >>\nstream\n",
        data.len()
    )
    .into_bytes();
    pdf.extend(data);
    pdf.extend(b"\nendstream\nendobj\ntrailer << /Size 6 /Root 1 0 R >>\n");
    pdf
}

fn drawn(pdf: &[u8], memory_mib: &str) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_psom-render"))
        .args(["--memory-mib", memory_mib, "pages", "--size", "160", "--quality", "85"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(pdf).unwrap();
    process.wait_with_output().unwrap()
}

fn has(output: &Output, word: &str) -> bool {
    output.stdout.windows(word.len()).any(|part| part == word.as_bytes())
}

#[test]
fn a_page_that_needs_too_much_memory_ends_only_its_process() {
    let pdf = with_image(16_000);
    let output = drawn(&pdf, "300");
    assert_eq!(output.status.signal(), Some(ABORT), "{:?}", output.status);
    assert!(has(&output, "Opened") && !has(&output, "Page"));
}

#[test]
fn a_page_within_the_limits_is_drawn() {
    let output = drawn(&with_image(256), "1536");
    assert!(output.status.success(), "{:?}", output.status);
    assert!(has(&output, "Opened") && has(&output, "Page"));
}

#[test]
fn garbage_is_reported_and_not_drawn() {
    let output = drawn(b"garbage", "1536");
    assert!(output.status.success(), "{:?}", output.status);
    assert!(has(&output, "Unreadable") && !has(&output, "Opened"));
}
