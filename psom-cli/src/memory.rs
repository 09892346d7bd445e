//! The allocator of the program.

/// Returns freed memory to the system within ten seconds, by threads of its own, so that a server needs
/// little memory after a peak even if it has nothing to do. The allocator of glibc kept 70 % of a peak of
/// 1.3 GB. Allocators whose threads keep the blocks that others free, such as mimalloc, kept half of a
/// peak while a thread was idle.
#[cfg(all(feature = "jemalloc", target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
