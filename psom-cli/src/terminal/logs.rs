use tracing_subscriber::EnvFilter;

/// Sends logs to standard error. `PSOM_LOG` or `RUST_LOG` selects them; otherwise `default` does.
pub(crate) fn start(default: &str) {
    let set = ["PSOM_LOG", "RUST_LOG"].into_iter().find_map(|name| std::env::var(name).ok());
    let filter = EnvFilter::builder().parse_lossy(set.as_deref().unwrap_or(default));
    let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .init();
}
