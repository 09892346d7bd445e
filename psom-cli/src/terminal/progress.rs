//! Progress bars on standard error, and lines of progress in a log.

use std::{io::IsTerminal as _, time::Duration};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle, WeakProgressBar};

use super::out;

/// The time between two lines of progress if standard error is not a terminal, long enough for a log.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// The time between two steps of a spinner.
const SPINNER_TICK: Duration = Duration::from_millis(120);

/// Shows a bar for a number of bytes.
pub(crate) fn bytes(message: String, total: u64) -> ProgressBar {
    let template = "{msg} {bar:30} {bytes} of {binary_total_bytes} ({binary_bytes_per_sec})";
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(total).with_style(style.progress_chars("=> "));
    logged(bar.with_message(message), |bytes| HumanBytes(bytes).to_string())
}

/// Shows a spinner for work of unknown length.
pub(crate) fn spinner(message: &'static str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(message);
    spinner.enable_steady_tick(SPINNER_TICK);
    logged(spinner, |_| String::new())
}

/// Shows a bar for slides that are converted.
pub(crate) fn slides() -> ProgressBar {
    counted("slides", 0)
}

/// Shows a bar for a number of things.
pub(crate) fn counted(message: &'static str, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos} of {len}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(total).with_style(style.progress_chars("=> "));
    logged(bar.with_message(message), |count| count.to_string())
}

fn logged(bar: ProgressBar, amount: fn(u64) -> String) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        tokio::spawn(log_progress(bar.downgrade(), amount, |line| out::note(&line)));
    }
    bar
}

/// Prints the position of a bar now and then, as long as the bar exists.
async fn log_progress(bar: WeakProgressBar, amount: fn(u64) -> String, print: impl Fn(String)) {
    loop {
        tokio::time::sleep(LOG_INTERVAL).await;
        let Some(bar) = bar.upgrade().filter(|bar| !bar.is_finished()) else { return };
        let (message, position) = (bar.message(), amount(bar.position()));
        print(match bar.length() {
            Some(total) if total > 0 => format!("{message}: {position} of {}", amount(total)),
            _ => message,
        });
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn progress_is_logged_at_intervals() {
        let (sender, mut lines) = mpsc::unbounded_channel();
        let (one, other) = (sender.clone(), sender);
        let bar = ProgressBar::hidden().with_message("slides");
        let spinner = ProgressBar::new_spinner().with_message("packing");
        bar.set_length(200);
        let number = |number: u64| number.to_string();
        let slides = log_progress(bar.downgrade(), number, move |line| one.send(line).unwrap());
        let slides = tokio::spawn(slides);
        bar.set_position(17);
        assert_eq!(lines.recv().await.unwrap(), "slides: 17 of 200");
        bar.set_position(40);
        assert_eq!(lines.recv().await.unwrap(), "slides: 40 of 200");
        bar.finish_and_clear();
        slides.await.unwrap();
        let packing =
            log_progress(spinner.downgrade(), number, move |line| other.send(line).unwrap());
        let packing = tokio::spawn(packing);
        assert_eq!(lines.recv().await.unwrap(), "packing");
        drop(spinner);
        packing.await.unwrap();
        assert_eq!(lines.recv().await, None);
    }
}
