use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for so many bytes, on standard error. Nothing is drawn where that is no terminal.
pub fn bytes(what: String, total: u64) -> ProgressBar {
    let template = "{msg} {bar:30} {bytes} of {binary_total_bytes} ({binary_bytes_per_sec})";
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style.progress_chars("=> ")).with_message(what)
}

/// Something that takes a while.
pub fn spinner(what: &'static str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what);
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}

/// A bar for slides that are made.
pub fn slides() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos} of {len}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style.progress_chars("=> ")).with_message("slides")
}
