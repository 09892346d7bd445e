//! Checking that a JPEG has the data of all its pixels. The decoder fills missing pixels with grey, even
//! if half of the file is missing.
//!
//! The entropy-coded data is read as a decoder reads it (ITU-T T.81), without computing any pixel.

/// The defect of a JPEG.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Data is missing, at the end or in between.
    Incomplete,
    /// The data violates the format.
    Damaged,
}

impl Fault {
    /// Describes the fault, to complete "the image is".
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete: a part of its data is missing",
            Self::Damaged => "damaged",
        }
    }
}

type Checked<T = ()> = Result<T, Fault>;

/// Upper bound on the components of a picture: CMYK has the most.
const MAX_COMPONENTS: usize = 4;

/// Upper bound on the scans of a progressive JPEG. Encoders write about ten.
const MAX_SCANS: usize = 200;

/// The number of coefficients of a block.
const COEFFICIENTS: usize = 64;

/// The precision of a coefficient that no scan has written.
const NO_PRECISION: u8 = u8::MAX;

/// Checks that the data of all pixels exists. The caller must already know that the decoder accepts the
/// size of the picture, because the blocks of a progressive JPEG take an eighth of a byte per pixel. JPEGs
/// of rare kinds pass, because the decoder refuses them.
///
/// # Errors
/// The data is incomplete or damaged.
pub(crate) fn check(jpeg: &[u8]) -> Checked {
    let mut picture = JpegLayout::default();
    let mut at = 2;
    let mut scans = 0;
    loop {
        let (marker, start) = next_marker(jpeg, at)?;
        match marker {
            // The end of the picture, and markers without a length.
            0xd9 => return picture.finish(),
            0x01 | 0xd0..=0xd8 => {
                at = start;
                continue;
            }
            _ => {}
        }
        let length = jpeg.get(start..start + 2).ok_or(Fault::Incomplete)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let segment = jpeg.get(start + 2..start + length).ok_or(Fault::Incomplete)?;
        at = start + length;
        match marker {
            0xc0..=0xc2 => picture.frame(segment, marker == 0xc2)?,
            // Lossless, hierarchical and arithmetic coding.
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return Ok(()),
            0xc4 => picture.tables(segment)?,
            0xdd => picture.restart_interval = be16(segment, 0)?,
            0xda => {
                scans += 1;
                if scans > MAX_SCANS {
                    return Err(Fault::Damaged);
                }
                at = picture.scan(segment, jpeg, at)?;
            }
            _ => {}
        }
    }
}

/// Finds the next marker. Returns it and the position at which its segment begins.
fn next_marker(jpeg: &[u8], mut at: usize) -> Checked<(u8, usize)> {
    loop {
        match jpeg.get(at..at + 2) {
            None => return Err(Fault::Incomplete),
            Some([0xff, 0x00]) => at += 2,
            Some([0xff, 0xff]) => at += 1,
            Some([0xff, marker]) => return Ok((*marker, at + 2)),
            Some(_) => at += 1,
        }
    }
}

fn be16(bytes: &[u8], at: usize) -> Checked<usize> {
    let two = bytes.get(at..at + 2).ok_or(Fault::Damaged)?;
    Ok(usize::from(u16::from_be_bytes([two[0], two[1]])))
}

fn byte(bytes: &[u8], at: usize) -> Checked<u8> {
    bytes.get(at).copied().ok_or(Fault::Damaged)
}

/// The lengths and the symbols of Huffman codes, by the next 16 bits of the data. A length of 0 is not
/// a code.
struct Table(Vec<(u8, u8)>);

impl Table {
    fn new(counts: &[u8], symbols: &[u8]) -> Checked<Self> {
        let mut table = vec![(0, 0); 1 << 16];
        let (mut code, mut next) = (0usize, symbols.iter());
        for (length, count) in (1u8..).zip(counts) {
            for _ in 0..*count {
                let symbol = next.next().ok_or(Fault::Damaged)?;
                let rest = 16 - usize::from(length);
                let codes =
                    table.get_mut(code << rest..(code + 1) << rest).ok_or(Fault::Damaged)?;
                codes.fill((length, *symbol));
                code += 1;
            }
            code <<= 1;
        }
        Ok(Self(table))
    }
}

/// A component of the picture.
#[derive(Default)]
struct Component {
    id: u8,
    horizontal: usize,
    vertical: usize,
    /// The blocks in a row and in a column, without those that only fill up a unit.
    blocks: (usize, usize),
    /// The blocks in a row, with those that fill up a unit.
    stride: usize,
    /// The lowest bit of each coefficient that was written, or [`NO_PRECISION`].
    precisions: Vec<u8>,
    /// For a progressive JPEG, a bit for each coefficient of a block that is not zero.
    nonzero: Vec<u64>,
}

#[derive(Default)]
struct JpegLayout {
    is_progressive: bool,
    components: Vec<Component>,
    /// The units of interleaved scans in a row and in a column.
    units: (usize, usize),
    restart_interval: usize,
    dc_tables: [Option<Table>; MAX_COMPONENTS],
    ac_tables: [Option<Table>; MAX_COMPONENTS],
}

impl JpegLayout {
    fn frame(&mut self, segment: &[u8], is_progressive: bool) -> Checked {
        if !self.components.is_empty() {
            return Err(Fault::Damaged);
        }
        let (height, width) = (be16(segment, 1)?, be16(segment, 3)?);
        let count = usize::from(byte(segment, 5)?);
        if height == 0 || width == 0 || !(1..=MAX_COMPONENTS).contains(&count) {
            return Err(Fault::Damaged);
        }
        self.is_progressive = is_progressive;
        for index in 0..count {
            let sampling = usize::from(byte(segment, 7 + 3 * index)?);
            let (horizontal, vertical) = (sampling >> 4, sampling & 15);
            if !(1..=4).contains(&horizontal) || !(1..=4).contains(&vertical) {
                return Err(Fault::Damaged);
            }
            let id = byte(segment, 6 + 3 * index)?;
            let precisions = vec![NO_PRECISION; COEFFICIENTS];
            self.components.push(Component {
                id,
                horizontal,
                vertical,
                precisions,
                ..Default::default()
            });
        }
        let max = |of: fn(&Component) -> usize| self.components.iter().map(of).max().unwrap_or(1);
        let (max_h, max_v) = (max(|it| it.horizontal), max(|it| it.vertical));
        self.units = (width.div_ceil(8 * max_h), height.div_ceil(8 * max_v));
        for component in &mut self.components {
            let (horizontal, vertical) = (component.horizontal, component.vertical);
            let blocks = |side: usize, of: usize, max: usize| (side * of).div_ceil(max).div_ceil(8);
            component.blocks = (blocks(width, horizontal, max_h), blocks(height, vertical, max_v));
            component.stride = self.units.0 * horizontal;
            if is_progressive {
                component.nonzero = vec![0; component.stride * self.units.1 * vertical];
            }
        }
        Ok(())
    }

    fn tables(&mut self, mut segment: &[u8]) -> Checked {
        while let Some((kind, rest)) = segment.split_first() {
            let counts = rest.get(..16).ok_or(Fault::Damaged)?;
            let total: usize = counts.iter().map(|count| usize::from(*count)).sum();
            let symbols = rest.get(16..16 + total).ok_or(Fault::Damaged)?;
            segment = &rest[16 + total..];
            let tables = if kind >> 4 == 0 { &mut self.dc_tables } else { &mut self.ac_tables };
            let table = tables.get_mut(usize::from(kind & 15)).ok_or(Fault::Damaged)?;
            *table = Some(Table::new(counts, symbols)?);
        }
        Ok(())
    }

    /// Reads a scan. Returns the position at which its data ends.
    fn scan(&mut self, segment: &[u8], jpeg: &[u8], at: usize) -> Checked<usize> {
        let count = usize::from(byte(segment, 0)?);
        let mut members = Vec::new();
        for index in 0..count {
            let id = byte(segment, 1 + 2 * index)?;
            let tables = byte(segment, 2 + 2 * index)?;
            let component = self.components.iter().position(|component| component.id == id);
            let component = component.ok_or(Fault::Damaged)?;
            members.push((component, usize::from(tables >> 4), usize::from(tables & 15)));
        }
        let (first, last) = if self.is_progressive {
            (byte(segment, 1 + 2 * count)?, byte(segment, 2 + 2 * count)?)
        } else {
            (0, 63)
        };
        let approximation = if self.is_progressive { byte(segment, 3 + 2 * count)? } else { 0 };
        let kind = ScanKind {
            is_progressive: self.is_progressive,
            first: usize::from(first),
            last: usize::from(last),
            is_refinement: approximation >> 4 != 0,
        };
        let is_valid = kind.first <= kind.last
            && kind.last < COEFFICIENTS
            && (!kind.is_progressive || (kind.first == 0) == (kind.last == 0))
            && (kind.first == 0 || members.len() == 1);
        if !is_valid || members.is_empty() {
            return Err(Fault::Damaged);
        }
        for (component, _, _) in &members {
            let range = &mut self.components[*component].precisions[kind.first..=kind.last];
            range.fill(approximation & 15);
        }
        let mut bits = Bits { data: jpeg, at, buffer: 0, count: 0 };
        let mut blocks = Blocks { kind, bits: &mut bits, skipped: 0 };
        let (columns, rows) = match &members[..] {
            [(component, _, _)] => self.components[*component].blocks,
            _ => self.units,
        };
        for unit in 0..columns * rows {
            if self.restart_interval != 0 && unit != 0 && unit.is_multiple_of(self.restart_interval)
            {
                blocks.bits.restart(unit / self.restart_interval - 1)?;
                blocks.skipped = 0;
            }
            let (row, column) = (unit / columns, unit % columns);
            for (index, dc, ac) in &members {
                let component = &mut self.components[*index];
                let tables = (
                    self.dc_tables.get(*dc).and_then(Option::as_ref),
                    self.ac_tables.get(*ac).and_then(Option::as_ref),
                );
                let (width, height) = match members.len() {
                    1 => (1, 1),
                    _ => (component.horizontal, component.vertical),
                };
                for y in 0..height {
                    for x in 0..width {
                        let block = (row * height + y) * component.stride + column * width + x;
                        blocks.read(tables, component.nonzero.get_mut(block))?;
                    }
                }
            }
        }
        Ok(bits.at)
    }

    /// Checks that all coefficients were written in full.
    fn finish(&self) -> Checked {
        let is_complete = !self.components.is_empty()
            && self.components.iter().all(|it| it.precisions.iter().all(|bit| *bit == 0));
        if is_complete { Ok(()) } else { Err(Fault::Incomplete) }
    }
}

/// The part of the coefficients that a scan has.
#[derive(Clone, Copy)]
struct ScanKind {
    is_progressive: bool,
    first: usize,
    last: usize,
    is_refinement: bool,
}

/// The blocks of a scan.
struct Blocks<'a, 'b> {
    kind: ScanKind,
    bits: &'b mut Bits<'a>,
    /// The number of blocks that follow without new coefficients.
    skipped: usize,
}

impl Blocks<'_, '_> {
    /// Reads a block with the tables of its component.
    fn read(
        &mut self,
        (dc, ac): (Option<&Table>, Option<&Table>),
        nonzero: Option<&mut u64>,
    ) -> Checked {
        let ScanKind { is_progressive, first, is_refinement, .. } = self.kind;
        if first == 0 {
            if is_refinement {
                self.bits.take(1)?;
            } else {
                let size = self.bits.symbol(dc)?;
                self.bits.take(size)?;
            }
            if is_progressive {
                return Ok(());
            }
        }
        match nonzero {
            Some(nonzero) if is_refinement => self.refined(ac, nonzero),
            Some(nonzero) => self.coefficients(ac, nonzero),
            None => self.coefficients(ac, &mut 0),
        }
    }

    fn coefficients(&mut self, table: Option<&Table>, nonzero: &mut u64) -> Checked {
        if self.skipped > 0 {
            self.skipped -= 1;
            return Ok(());
        }
        let mut at = self.kind.first.max(1);
        while at <= self.kind.last {
            let symbol = self.bits.symbol(table)?;
            let (run, size) = (symbol >> 4, symbol & 15);
            match (run, size) {
                (15, 0) => at += 16,
                (run, 0) => {
                    self.skipped = self.run_of_blocks(run)? - 1;
                    break;
                }
                (run, size) => {
                    at += usize::from(run);
                    if at > self.kind.last {
                        return Err(Fault::Damaged);
                    }
                    self.bits.take(size)?;
                    *nonzero |= 1 << at;
                    at += 1;
                }
            }
        }
        Ok(())
    }

    /// Reads the number of blocks, from this one, that have no more coefficients.
    fn run_of_blocks(&mut self, run: u8) -> Checked<usize> {
        if !self.kind.is_progressive {
            return if run == 0 { Ok(1) } else { Err(Fault::Damaged) };
        }
        Ok((1 << run) + self.bits.take(run)?)
    }

    /// Reads one more bit of the coefficients that are not zero, and new ones.
    fn refined(&mut self, table: Option<&Table>, nonzero: &mut u64) -> Checked {
        let mut at = self.kind.first;
        while self.skipped == 0 && at <= self.kind.last {
            let symbol = self.bits.symbol(table)?;
            let (mut zeros, size) = (symbol >> 4, symbol & 15);
            if size == 0 && zeros < 15 {
                self.skipped = self.run_of_blocks(zeros)?;
                break;
            }
            self.bits.take(size)?;
            while at <= self.kind.last {
                if *nonzero & (1 << at) != 0 {
                    self.bits.take(1)?;
                } else if zeros == 0 {
                    break;
                } else {
                    zeros -= 1;
                }
                at += 1;
            }
            if size != 0 && at <= self.kind.last {
                *nonzero |= 1 << at;
            }
            at += 1;
        }
        if self.skipped > 0 {
            for at in at..=self.kind.last {
                if *nonzero & (1 << at) != 0 {
                    self.bits.take(1)?;
                }
            }
            self.skipped -= 1;
        }
        Ok(())
    }
}

/// The bits of a scan, up to the next marker.
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The lowest `count` bits are those that come next.
    buffer: u64,
    count: u32,
}

impl Bits<'_> {
    fn fill(&mut self) {
        while self.count <= 48 {
            let byte = match self.data.get(self.at..) {
                Some([0xff, 0x00, ..]) => {
                    self.at += 2;
                    0xff
                }
                Some([byte, ..]) if *byte != 0xff => {
                    self.at += 1;
                    *byte
                }
                _ => return,
            };
            self.buffer = (self.buffer << 8) | u64::from(byte);
            self.count += 8;
        }
    }

    /// Takes at most 16 bits.
    fn take(&mut self, bits: u8) -> Checked<usize> {
        let bits = u32::from(bits);
        if bits > 16 {
            return Err(Fault::Damaged);
        }
        if self.count < bits {
            self.fill();
        }
        self.count = self.count.checked_sub(bits).ok_or(Fault::Incomplete)?;
        let value = (self.buffer >> self.count) & ((1 << bits) - 1);
        // At most 16 bits fit.
        usize::try_from(value).map_err(|_| Fault::Damaged)
    }

    /// Takes a Huffman code. Returns its symbol.
    fn symbol(&mut self, table: Option<&Table>) -> Checked<u8> {
        let table = table.ok_or(Fault::Damaged)?;
        if self.count < 16 {
            self.fill();
        }
        // Bits that are missing count as zero until they are taken.
        let next = if self.count < 16 {
            self.buffer << (16 - self.count)
        } else {
            self.buffer >> (self.count - 16)
        };
        let index = usize::try_from(next & 0xffff).map_err(|_| Fault::Damaged)?;
        let (length, symbol) = table.0.get(index).copied().unwrap_or_default();
        if length == 0 {
            return Err(if self.count < 16 { Fault::Incomplete } else { Fault::Damaged });
        }
        self.take(length)?;
        Ok(symbol)
    }

    /// Continues after the next marker, which must be the restart marker with this number.
    fn restart(&mut self, number: usize) -> Checked {
        (self.buffer, self.count) = (0, 0);
        let (marker, at) = next_marker(self.data, self.at)?;
        self.at = at;
        if usize::from(marker) == 0xd0 + number % 8 { Ok(()) } else { Err(Fault::Incomplete) }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use data_encoding::BASE64;
    use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};

    use super::*;

    /// A progressive JPEG of 24 by 24 pixels with restart markers.
    const PROGRESSIVE: &str = "\
        /9j/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpR\
        Uk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09P\
        T0//wgARCAAYABgDASIAAhEBAxEB/8QAFwABAQEBAAAAAAAAAAAAAAAAAAMEBf/EABgBAAMBAQAAAAAAAAAAAAAAAAED\
        BAIF/90ABAAC/9oADAMBAAIQAxAAAAHgV1aAvG6LdX//0FxHKoDV/8QAGBAAAwEBAAAAAAAAAAAAAAAAAAECERL/3QAE\
        AAP/2gAIAQEAAQUCUigUH//QUig5w//RmTnCYP/EABgRAAMBAQAAAAAAAAAAAAAAAAABAgMR/90ABAAC/9oACAEDAQE/\
        AY2J2fD/0Ip9FTP/xAAbEQEAAgIDAAAAAAAAAAAAAAABAAIDEyEiMv/aAAgBAgEBPwGnaOo4Wf/QpZMSk8hP/8QAFBAB\
        AAAAAAAAAAAAAAAAAAAAEP/dAAQAA//aAAgBAQAGPwJ//9B//9F//8QAGRAAAwADAAAAAAAAAAAAAAAAABAhEUFh/9oA\
        CAEBAAE/IWj/AP/QXYaU/9EYdT//3QAEAAL/2gAMAwEAAgADAAAAEPD/AP/QeD//xAAXEQEBAQEAAAAAAAAAAAAAAAAB\
        ABEx/9oACAEDAQE/EMJU/9BAnHb/xAAbEQEBAAEFAAAAAAAAAAAAAAABACERMXGhsf/aAAgBAgEBPxA0LuuF8L//0HSz\
        jtCE0xf/xAAbEAACAgMBAAAAAAAAAAAAAAAAEQEhMUFhUf/dAAQAA//aAAgBAQABPxBujicT/9BujiRIVvB//9FqohVR\
        bBQ5g//Z";

    /// The same picture as a sequential JPEG with restart markers.
    const SEQUENTIAL: &str = "\
        /9j/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpR\
        Uk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09P\
        T0//wAARCAAYABgDASIAAhEBAxEB/8QAGAABAAMBAAAAAAAAAAAAAAAAAAQFBgP/xAAhEAABBAEDBQAAAAAAAAAAAAAA\
        AQMEEQIhQWESEyIxUf/EABgBAAMBAQAAAAAAAAAAAAAAAAIEBQMG/8QAIBEAAgIBAwUAAAAAAAAAAAAAAQIAAwQREiET\
        MXGhsf/dAAQAAv/aAAwDAQACEQMRAD8AwTcS9iU3C4LRmJexYMwuAaB1YvTmaSmbgcA0aR8W1rpvL4Ddhiodrtz4J+CV\
        a81is//QR4l1oT0jdvBKTyX0AJUWsmKzqeePZAnK02MWE7x4OlqgACBFSLoJVS1iO8//2Q==";

    /// JPEGs of all kinds.
    fn samples() -> Vec<Vec<u8>> {
        let mut samples: Vec<Vec<u8>> = [PROGRESSIVE, SEQUENTIAL]
            .iter()
            .map(|text| BASE64.decode(text.as_bytes()).unwrap())
            .collect();
        for (width, height) in [(1u16, 1u16), (8, 8), (33, 17), (64, 48)] {
            for color in [ExtendedColorType::Rgb8, ExtendedColorType::L8] {
                let channels = usize::from(color.channel_count());
                let size = usize::from(width) * usize::from(height) * channels;
                let pixels: Vec<u8> =
                    (0..size).map(|index| u8::try_from(index * index % 251).unwrap()).collect();
                let mut jpeg = Vec::new();
                JpegEncoder::new_with_quality(&mut jpeg, 70)
                    .encode(&pixels, width.into(), height.into(), color)
                    .unwrap();
                samples.push(jpeg);
            }
        }
        samples
    }

    /// Returns the position at which the data of the first scan begins.
    fn first_scan(jpeg: &[u8]) -> usize {
        let mut at = 2;
        while jpeg[at + 1] != 0xda {
            at += 2 + be16(jpeg, at + 2).unwrap();
        }
        at + 2 + be16(jpeg, at + 2).unwrap()
    }

    #[test]
    fn complete_pictures_pass() {
        for jpeg in samples() {
            assert_eq!(check(&jpeg), Ok(()));
            // Cameras append more pictures.
            assert_eq!(check(&[&jpeg[..], &jpeg[..40]].concat()), Ok(()));
            let comment = [&jpeg[..2], &[0xff, 0xfe, 0, 4, 0xff, 0xd9], &jpeg[2..]].concat();
            assert_eq!(check(&comment), Ok(()));
        }
    }

    #[test]
    fn a_missing_end_is_found_even_with_an_end_marker() {
        for jpeg in samples() {
            for end in first_scan(&jpeg)..jpeg.len() - 2 {
                assert!(check(&jpeg[..end]).is_err());
                let closed = [&jpeg[..end], &[0xff, 0xd9]].concat();
                assert!(check(&closed).is_err(), "{end} of {}", jpeg.len());
            }
        }
    }

    #[test]
    fn a_missing_part_is_found() {
        for jpeg in samples().into_iter().take(2) {
            let cuts: Vec<usize> = (first_scan(&jpeg)..jpeg.len() - 40).collect();
            let is_found =
                |from: &&usize| check(&[&jpeg[..**from], &jpeg[**from + 30..]].concat()).is_err();
            // The rest of a scan can happen to be as long as the whole.
            let found = cuts.iter().filter(is_found).count();
            assert!(found * 10 > cuts.len() * 9, "{found} of {}", cuts.len());
        }
    }

    #[test]
    fn a_size_without_data_is_incomplete() {
        let mut jpeg = BASE64.decode(SEQUENTIAL.as_bytes()).unwrap();
        let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
        jpeg[frame + 5..frame + 9].copy_from_slice(&[0x20, 0, 0x20, 0]);
        assert_eq!(check(&jpeg), Err(Fault::Incomplete));
    }

    #[test]
    fn changed_bytes_never_panic() {
        let mut state = 1u32;
        for jpeg in samples() {
            for _ in 0..300 {
                let mut changed = jpeg.clone();
                for _ in 0..3 {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let at = state as usize % changed.len();
                    changed[at] = u8::try_from(state >> 24).unwrap();
                }
                // Huge sizes are refused before.
                let frame = changed.windows(2).position(|it| matches!(it, [0xff, 0xc0..=0xc2]));
                if frame.is_some_and(|at| changed.get(at + 5) == Some(&0)) {
                    let _ = check(&changed);
                }
            }
        }
    }
}
