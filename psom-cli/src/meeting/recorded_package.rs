//! Packages that are written to an outbox when they are recorded, and uploaded when they are replayed.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read as _, Seek as _},
    path::Path,
};

use bytes::Bytes;
use psom_objects::{
    client::{PackageReader, ReadFuture, Upload},
    package::{Manifest, PackageWriter},
};

use super::{packing::Source, session::Meeting, upload::Follow};
use crate::error::{OrCannot as _, Result};

/// Writes a package to a file. Returns the file, the length of the package, and the sum of the lengths
/// of its files. Blocks.
pub(crate) fn write_to(
    file: File,
    manifest: &Manifest,
    sources: Vec<(String, Source)>,
) -> Result<(File, u64, u64)> {
    let target = BufWriter::new(file);
    let mut package = PackageWriter::new(target, manifest).or_cannot("pack the file")?;
    let mut unpacked_bytes = 0;
    for (name, source) in sources {
        unpacked_bytes += match source {
            Source::File(path) => add_file(&mut package, &name, &path)?,
            Source::Bytes(bytes) => {
                package.add_file(&name, &mut &bytes[..]).or_cannot("pack the file")?
            }
        };
    }
    let target = package.finish().or_cannot("pack the file")?;
    let mut file = target.into_inner().or_cannot("pack the file")?;
    let packed_bytes = file.stream_position().or_cannot("pack the file")?;
    Ok((file, packed_bytes, unpacked_bytes))
}

/// Uploads a written package under a cookie of its own.
pub(crate) async fn send(
    meeting: &mut Meeting,
    cookie: i32,
    file: File,
    (packed_bytes, unpacked_bytes): (u64, u64),
    message: String,
) -> Result {
    let upload = Upload::from_package(FileReader(Some(file)), packed_bytes, unpacked_bytes);
    meeting.act(move |conference, cx| conference.upload_reserved(cx, cookie, upload)).await?;
    Follow { cookie, packed_bytes, creates: false }.run(meeting, message).await.map(drop)
}

fn add_file(package: &mut PackageWriter<BufWriter<File>>, name: &str, path: &Path) -> Result<u64> {
    let reading = format!("read {}", path.display());
    let mut source = BufReader::new(File::open(path).or_cannot(&reading)?);
    let length = source.get_ref().metadata().or_cannot(&reading)?.len();
    // The zip format has another form for files from 4 GiB on.
    let added = if length >= u64::from(u32::MAX) {
        package.add_large_file(name, &mut source)
    } else {
        package.add_file(name, &mut source)
    };
    added.or_cannot(format_args!("pack {}", path.display()))
}

/// Reads a package from a file, on threads that may block. `None` while a read is under way.
struct FileReader(Option<File>);

impl PackageReader for FileReader {
    fn read(&mut self, max_bytes: usize) -> ReadFuture<'_> {
        Box::pin(async move {
            let mut file = self.0.take().ok_or_else(|| io::Error::other("a read has failed"))?;
            let reading = tokio::task::spawn_blocking(move || {
                let mut piece = Vec::with_capacity(max_bytes);
                file.by_ref().take(max_bytes as u64).read_to_end(&mut piece)?;
                Ok::<_, io::Error>((file, Bytes::from(piece)))
            });
            let (file, piece) = reading.await.map_err(io::Error::other)??;
            self.0 = Some(file);
            Ok(piece)
        })
    }
}
