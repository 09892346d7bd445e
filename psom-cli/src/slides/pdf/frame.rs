//! The messages of the process that draws.

use std::io::{self, ErrorKind, Read, Write};

use serde::{Deserialize, Serialize};

use crate::slides::picture::Picture;

/// Upper bound on the text of a message. A page has a few remarks at most.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// Upper bound on a picture: more than the largest JPEG of 7680 by 7680 pixels.
const MAX_PICTURE_BYTES: usize = 256 << 20;

/// A message of the process that draws.
#[derive(Debug, Serialize, Deserialize)]
pub enum Frame {
    /// The file was opened. `announced` is the number of pages that it claims to have.
    Opened { pages: usize, announced: Option<usize> },
    /// The next page was drawn. Its picture follows.
    Page { remarks: PageRemarks },
    /// The next page cannot be drawn.
    Undrawable { why: String },
    /// The file cannot be opened. No message follows.
    Unreadable(Unreadable),
}

/// The parts of a page that are missing in its picture.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRemarks {
    /// A content, a font or an image is missing in the file or damaged.
    pub is_incomplete: bool,
    /// Texts that cannot be drawn for want of a font.
    pub texts: Option<MissingTexts>,
    /// The kinds of annotations and fields that are left out.
    pub left_out: Vec<String>,
}

/// Texts that are missing in the picture of a page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MissingTexts {
    /// The names of the fonts that the PDF does not embed.
    pub fonts: Vec<String>,
    /// The first characters that no font at hand has.
    pub characters: String,
}

/// Why a file cannot be opened.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Unreadable {
    Damaged,
    Password,
    Encryption,
}

impl Frame {
    /// Writes the message, with the picture of a page.
    pub fn write(&self, picture: Option<&Picture>, mut output: impl Write) -> io::Result<()> {
        let text = serde_json::to_vec(self)?;
        let (jpeg, thumbnail) =
            picture.map_or((&[][..], &[][..]), |picture| (&picture.jpeg, &picture.thumbnail));
        for part in [&text, jpeg, thumbnail] {
            let length = u32::try_from(part.len()).map_err(|_| ErrorKind::FileTooLarge)?;
            output.write_all(&length.to_le_bytes())?;
        }
        for part in [&text, jpeg, thumbnail] {
            output.write_all(part)?;
        }
        output.flush()
    }

    /// Reads a message. The picture is empty unless it is that of a page.
    pub fn read(mut input: impl Read) -> io::Result<(Self, Picture)> {
        let mut lengths = [0; 3];
        for length in &mut lengths {
            let mut bytes = [0; 4];
            input.read_exact(&mut bytes)?;
            *length = u32::from_le_bytes(bytes) as usize;
        }
        let mut part = |length: usize, max: usize| {
            if length > max {
                return Err(io::Error::from(ErrorKind::InvalidData));
            }
            let mut bytes = vec![0; length];
            input.read_exact(&mut bytes).map(|()| bytes)
        };
        let text = part(lengths[0], MAX_TEXT_BYTES)?;
        let jpeg = part(lengths[1], MAX_PICTURE_BYTES)?;
        let thumbnail = part(lengths[2], MAX_PICTURE_BYTES)?;
        Ok((serde_json::from_slice(&text)?, Picture { jpeg, thumbnail }))
    }
}
