//! Limits of this process.

/// Upper bound on the pixels of one image in a PDF: more than a scan of A0 in color with 400 dpi.
pub(crate) const MAX_IMAGE_PIXELS: u64 = 1 << 28;

/// Upper bound on the pixels of the images of a page together: a hundred photos of ten megapixels.
pub(crate) const MAX_PAGE_PIXELS: u64 = 1 << 30;

/// Upper bound on the decoded data of an image: three bytes for each of [`MAX_IMAGE_PIXELS`].
pub(crate) const MAX_IMAGE_BYTES: usize = 3 << 28;

/// Limits the memory of this process. A PDF of a few bytes can demand any amount.
#[cfg(unix)]
pub(crate) fn limit_memory(bytes: u64) {
    use rustix::process::Resource;
    lower(Resource::As, bytes);
    // An allocation that fails aborts the process, which must not leave its memory on the disk.
    lower(Resource::Core, 0);
}

/// Limits the processor time of this process. The limit matters if the process that waits for this one is
/// gone.
#[cfg(unix)]
pub(crate) fn limit_processor_time(seconds: u64) {
    lower(rustix::process::Resource::Cpu, seconds);
}

#[cfg(unix)]
fn lower(resource: rustix::process::Resource, limit: u64) {
    use rustix::process::{Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(resource).maximum.map_or(limit, |maximum| maximum.min(limit));
    // Without the limit, the page can still be drawn.
    let _ = setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) });
}

/// Does nothing: safe code cannot set such a limit on other systems. There, the bounds above limit the
/// images before they are decoded, and `psom` ends the process when a page takes too long.
#[cfg(not(unix))]
pub(crate) fn limit_memory(_: u64) {}

#[cfg(not(unix))]
pub(crate) fn limit_processor_time(_: u64) {}
