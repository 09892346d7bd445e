use std::{io::IsTerminal, time::Duration};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle, WeakProgressBar};

use crate::out;

/// How often it is said how far something is where nobody sees a bar: in a log.
const NOW_AND_THEN: Duration = Duration::from_secs(60);

/// A bar for so many bytes, on standard error. Where that is no terminal, it is a line now and then.
pub fn bytes(what: String, total: u64) -> ProgressBar {
    let template = "{msg} {bar:30} {bytes} of {binary_total_bytes} ({binary_bytes_per_sec})";
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(total).with_style(style.progress_chars("=> "));
    told(bar.with_message(what), |bytes| HumanBytes(bytes).to_string())
}

/// Something that takes a while.
pub fn spinner(what: &'static str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what);
    spinner.enable_steady_tick(Duration::from_millis(120));
    told(spinner, |_| String::new())
}

/// A bar for slides that are made.
pub fn slides() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos} of {len}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style.progress_chars("=> "));
    told(bar.with_message("slides"), |slides| slides.to_string())
}

fn told(bar: ProgressBar, amount: fn(u64) -> String) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        tokio::spawn(tell(bar.downgrade(), amount, |line| out::note(&line)));
    }
    bar
}

/// Says now and then how far a bar is, as long as it is there.
async fn tell(bar: WeakProgressBar, amount: fn(u64) -> String, say: impl Fn(String)) {
    loop {
        tokio::time::sleep(NOW_AND_THEN).await;
        let Some(bar) = bar.upgrade().filter(|bar| !bar.is_finished()) else { return };
        let (what, done) = (bar.message(), amount(bar.position()));
        say(match bar.length() {
            Some(total) if total > 0 => format!("{what}: {done} of {}", amount(total)),
            _ => what,
        });
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_log_is_told_now_and_then_how_far_it_is() {
        let (sender, mut said) = mpsc::unbounded_channel();
        let (one, other) = (sender.clone(), sender);
        let bar = ProgressBar::hidden().with_message("slides");
        let spinner = ProgressBar::new_spinner().with_message("packing");
        bar.set_length(200);
        let number = |number: u64| number.to_string();
        let slides = tell(bar.downgrade(), number, move |line| one.send(line).unwrap());
        let slides = tokio::spawn(slides);
        bar.set_position(17);
        assert_eq!(said.recv().await.unwrap(), "slides: 17 of 200");
        bar.set_position(40);
        assert_eq!(said.recv().await.unwrap(), "slides: 40 of 200");
        bar.finish_and_clear();
        slides.await.unwrap();
        let packing = tell(spinner.downgrade(), number, move |line| other.send(line).unwrap());
        let packing = tokio::spawn(packing);
        assert_eq!(said.recv().await.unwrap(), "packing");
        drop(spinner);
        packing.await.unwrap();
        assert_eq!(said.recv().await, None);
    }
}
