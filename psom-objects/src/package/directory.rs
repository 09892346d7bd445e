//! The check of an archive's end record, before memory is allocated for the directory.
//!
//! The end record of a zip archive declares the number of entries in the directory, and a zip
//! reader allocates memory for them. Readers search for the end record in different places if other
//! bytes follow it. So this check accepts only unambiguous archives: the end record is at the end
//! of the file, the directory is immediately before it, and both have their declared sizes.

use std::io::{Read, Seek, SeekFrom};

use super::{error::PackageError, limits::PackageLimits};

/// The sizes of the records at the end of an archive (APPNOTE.TXT, sections 4.3.14 to 4.3.16).
const END_RECORD_BYTES: u64 = 22;
const ZIP64_LOCATOR_BYTES: u64 = 20;
const ZIP64_END_RECORD_BYTES: u64 = 56;
/// The size of the fixed part of an entry in the directory.
const ENTRY_BYTES: u64 = 46;

/// The declarations at the end of the archive.
struct Declared {
    entries: u64,
    size: u64,
    offset: u64,
    /// The position at which the directory must end.
    until: u64,
}

/// Checks the end of the archive and the extent of its directory.
pub(super) fn check<R: Read + Seek>(
    reader: &mut R,
    limits: &PackageLimits,
) -> Result<(), PackageError> {
    let length = reader.seek(SeekFrom::End(0)).map_err(PackageError::Io)?;
    let declared = read_end(reader, length)?;
    if declared.entries > limits.entries {
        return Err(PackageError::TooManyEntries {
            count: declared.entries,
            limit: limits.entries,
        });
    }
    if declared.size > limits.directory_bytes {
        return Err(PackageError::DirectoryTooLarge {
            size: declared.size,
            limit: limits.directory_bytes,
        });
    }
    if declared.offset.checked_add(declared.size) != Some(declared.until) {
        return Err(broken("its directory is not at its declared position"));
    }
    if declared.entries.saturating_mul(ENTRY_BYTES) > declared.size {
        return Err(broken("its directory is too short for its entries"));
    }
    if declared.entries == 0 {
        return Err(PackageError::NoManifest);
    }
    if read_at::<4, _>(reader, declared.offset)? != *b"PK\x01\x02" {
        return Err(broken("its directory does not start at its declared position"));
    }
    Ok(())
}

fn read_end<R: Read + Seek>(reader: &mut R, length: u64) -> Result<Declared, PackageError> {
    let Some(at) = length.checked_sub(END_RECORD_BYTES) else {
        return Err(broken("it is shorter than the shortest archive"));
    };
    let end = read_at::<22, _>(reader, at)?;
    if !end.starts_with(b"PK\x05\x06") || u16_at(&end, 20) != 0 {
        return Err(broken("it does not end with the end record of an archive without comment"));
    }
    let (this_disk, all_disks) = (u16_at(&end, 8), u16_at(&end, 10));
    let (size, offset) = (u32_at(&end, 12), u32_at(&end, 16));
    if all_disks == u16::MAX || size == u32::MAX || offset == u32::MAX {
        let locator_at = at.checked_sub(ZIP64_LOCATOR_BYTES);
        if let Some(locator_at) = locator_at
            && let locator = read_at::<20, _>(reader, locator_at)?
            && locator.starts_with(b"PK\x06\x07")
        {
            return read_end64(reader, &locator, locator_at);
        }
    }
    if u32_at(&end, 4) != 0 || this_disk != all_disks {
        return Err(broken("it is a part of a split archive"));
    }
    Ok(Declared {
        entries: u64::from(all_disks),
        size: u64::from(size),
        offset: u64::from(offset),
        until: at,
    })
}

/// Reads the end record of an archive with more than 4 GiB or more than 65,534 entries.
fn read_end64<R: Read + Seek>(
    reader: &mut R,
    locator: &[u8; 20],
    locator_at: u64,
) -> Result<Declared, PackageError> {
    let until = u64_at(locator, 8);
    if until.checked_add(ZIP64_END_RECORD_BYTES) != Some(locator_at) {
        return Err(broken("its zip64 end record is not at its declared position"));
    }
    let end = read_at::<56, _>(reader, until)?;
    if !end.starts_with(b"PK\x06\x06") || u64_at(&end, 4) != ZIP64_END_RECORD_BYTES - 12 {
        return Err(broken("its zip64 end record is damaged"));
    }
    let (this_disk, all_disks) = (u64_at(&end, 24), u64_at(&end, 32));
    let disks = [u32_at(&end, 16), u32_at(&end, 20), u32_at(locator, 4)];
    if disks != [0; 3] || u32_at(locator, 16) > 1 || this_disk != all_disks {
        return Err(broken("it is a part of a split archive"));
    }
    Ok(Declared { entries: all_disks, size: u64_at(&end, 40), offset: u64_at(&end, 48), until })
}

fn read_at<const N: usize, R: Read + Seek>(
    reader: &mut R,
    offset: u64,
) -> Result<[u8; N], PackageError> {
    let mut bytes = [0; N];
    reader.seek(SeekFrom::Start(offset)).map_err(PackageError::Io)?;
    reader.read_exact(&mut bytes).map_err(|e| PackageError::from(zip::result::ZipError::Io(e)))?;
    Ok(bytes)
}

fn broken(reason: &str) -> PackageError {
    PackageError::Archive { reason: reason.to_owned() }
}

/// Returns bytes at a fixed position of a record. Bytes beyond its end are zeros.
fn bytes_at<const N: usize>(record: &[u8], at: usize) -> [u8; N] {
    record.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

fn u16_at(record: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes_at(record, at))
}

fn u32_at(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes_at(record, at))
}

fn u64_at(record: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes_at(record, at))
}
