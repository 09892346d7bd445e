//! A look at the end of an archive, before anything is allocated for its directory.
//!
//! The end of a zip archive declares how many entries its directory has, and a reader makes room
//! for them. Also, readers differ in where they look for that end when bytes follow it. So the
//! one reading that all agree on is demanded: the end record is the last thing in the file, the
//! directory lies right before it, and both are as large as they say.

use std::io::{Read, Seek, SeekFrom};

use super::error::PackageError;
use super::limits::PackageLimits;

const END: u64 = 22;
const LOCATOR: u64 = 20;
const END64: u64 = 56;
/// The fixed part of an entry in the directory.
const ENTRY: u64 = 46;

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
        return Err(broken("its directory is not where its end says"));
    }
    if declared.entries.saturating_mul(ENTRY) > declared.size {
        return Err(broken("its directory is too short for its entries"));
    }
    if declared.entries == 0 {
        return Err(PackageError::NoManifest);
    }
    if read_at::<4, _>(reader, declared.offset)? != *b"PK\x01\x02" {
        return Err(broken("its directory does not start where its end says"));
    }
    Ok(())
}

fn read_end<R: Read + Seek>(reader: &mut R, length: u64) -> Result<Declared, PackageError> {
    let Some(at) = length.checked_sub(END) else {
        return Err(broken("it is shorter than the shortest archive"));
    };
    let end = read_at::<22, _>(reader, at)?;
    if !end.starts_with(b"PK\x05\x06") || u16_at(&end, 20) != 0 {
        return Err(broken("it does not end with the end record of an archive without comment"));
    }
    let (this_disk, all_disks) = (u16_at(&end, 8), u16_at(&end, 10));
    let (size, offset) = (u32_at(&end, 12), u32_at(&end, 16));
    if all_disks == u16::MAX || size == u32::MAX || offset == u32::MAX {
        let locator_at = at.checked_sub(LOCATOR);
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

/// The end record of an archive beyond 4 GiB or 65,534 entries.
fn read_end64<R: Read + Seek>(
    reader: &mut R,
    locator: &[u8; 20],
    locator_at: u64,
) -> Result<Declared, PackageError> {
    let until = u64_at(locator, 8);
    if until.checked_add(END64) != Some(locator_at) {
        return Err(broken("its zip64 end record is not where its locator says"));
    }
    let end = read_at::<56, _>(reader, until)?;
    if !end.starts_with(b"PK\x06\x06") || u64_at(&end, 4) != END64 - 12 {
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

/// The bytes of a fixed record at a fixed place; beyond it, zeros.
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
