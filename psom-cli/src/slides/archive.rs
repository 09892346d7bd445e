//! The zip archive of a PPTX.
//!
//! Programs that read OPC files tolerate bytes before and after the archive, long comments, and part
//! names with backslashes or a slash at the start. LibreOffice reads only some of these archives.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use zip::{ZipArchive, ZipWriter, result::ZipResult};

/// The first bytes of a zip archive.
pub(super) const START: &[u8] = b"PK\x03\x04";

/// The first bytes of the record at the end of an archive.
const END: &[u8] = b"PK\x05\x06";

/// The length of the record at the end of an archive without a comment.
const END_BYTES: i64 = 22;

/// Reports whether a file is a zip archive, perhaps with other bytes before and after it.
pub(super) fn is_archive(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| ZipArchive::new(BufReader::new(file)).is_ok())
}

/// Returns a copy of a PPTX in a directory, without what LibreOffice does not read, or `None` if
/// there is nothing to change.
pub(super) fn tidied(path: &Path, directory: &Path) -> ZipResult<Option<PathBuf>> {
    let mut file = BufReader::new(File::open(path)?);
    let is_alone = starts_and_ends_as_archive(&mut file)?;
    let mut archive = ZipArchive::new(file)?;
    let names: Vec<String> =
        archive.file_names().map(|name| name.map(Into::into)).collect::<ZipResult<_>>()?;
    if is_alone && names.iter().all(|name| *name == part_name(name)) {
        return Ok(None);
    }
    let copy = directory.join("copy").with_extension(path.extension().unwrap_or_default());
    let mut writer = ZipWriter::new(BufWriter::new(File::create(&copy)?));
    // Entries can share their data, so copies of all could be much larger than the file.
    let mut left_bytes = path.metadata()?.len();
    for (index, name) in names.iter().enumerate() {
        let entry = archive.by_index_raw(index)?;
        left_bytes = left_bytes
            .checked_sub(entry.compressed_size())
            .ok_or_else(|| io::Error::other("its parts overlap"))?;
        writer.raw_copy_file_rename(entry, part_name(name))?;
    }
    writer.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(Some(copy))
}

/// Returns the name of a part as programs for OPC files understand it.
pub(super) fn part_name(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_owned()
}

/// Reports whether a file begins with an entry of an archive and ends with the end of an archive that
/// has no comment.
fn starts_and_ends_as_archive(file: &mut BufReader<File>) -> io::Result<bool> {
    let (mut start, mut end) = ([0; START.len()], [0; END.len()]);
    file.read_exact(&mut start)?;
    let len = file.seek(SeekFrom::End(0))?;
    if len < END_BYTES.unsigned_abs() {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-END_BYTES))?;
    file.read_exact(&mut end)?;
    file.rewind()?;
    Ok(start == START && end == END)
}
