//! The messages of the program, and their encoding.

use std::io::{self, ErrorKind, Read, Write};

use serde::{Deserialize, Serialize};

/// Upper bound on the text of a message. A page has a few remarks at most.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// Upper bound on a picture: more than the largest JPEG of 7680 by 7680 pixels.
const MAX_PICTURE_BYTES: usize = 256 << 20;

/// The picture of a slide with its thumbnail. Both are JPEGs.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The picture.
    pub jpeg: Vec<u8>,
    /// A smaller picture, with sides of at most 160 pixels.
    pub thumbnail: Vec<u8>,
}

/// A message of the program.
#[derive(Debug, Serialize, Deserialize)]
pub enum Frame {
    /// The PDF was opened.
    Opened {
        /// The number of pages that it has.
        pages: usize,
        /// The number of pages that it claims to have.
        announced: Option<usize>,
    },
    /// The next page was drawn, or the JPEG of a slide is complete. The picture follows.
    Page {
        /// The parts of the page that are missing in its picture.
        remarks: PageRemarks,
    },
    /// The picture for a board is complete. It follows in [`Picture::jpeg`], also if its format is PNG.
    Board(BoardPicture),
    /// The next page or the picture cannot be drawn.
    Undrawable {
        /// The reason why the page cannot be drawn, such as "it has no size".
        why: String,
    },
    /// The PDF cannot be opened. No message follows.
    Unreadable(Unreadable),
}

/// The parts of a page that are missing in its picture.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRemarks {
    /// A content, a font or an image is missing in the file or damaged.
    pub is_incomplete: bool,
    /// Texts that cannot be drawn because no font has their characters.
    pub texts: Option<MissingTexts>,
    /// The kinds of annotations and fields that are left out.
    pub left_out: Vec<String>,
}

/// Texts that are missing in the picture of a page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MissingTexts {
    /// The names of the fonts that the PDF does not embed.
    pub fonts: Vec<String>,
    /// The first characters that no available font has.
    pub characters: String,
}

/// A picture to which its EXIF orientation has been applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardPicture {
    /// The format of the file.
    pub format: Format,
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
}

/// The format of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
}

impl Format {
    /// Returns the usual extension of a file's name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }
}

/// Why a PDF cannot be opened.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Unreadable {
    /// It is damaged, or not a PDF.
    Damaged,
    /// It needs a password.
    Password,
    /// It is encrypted by an unknown method.
    Encryption,
}

impl Frame {
    /// Writes the message with a picture, if it has one.
    ///
    /// # Errors
    /// The output fails, or a picture is larger than 4 GiB.
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

    /// Reads a message. The picture is empty if the message has none.
    ///
    /// # Errors
    /// The input fails or ends, or it is not a message.
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
            // The buffer grows with the bytes that arrive. A claimed length allocates nothing.
            let mut bytes = Vec::new();
            let read = input.by_ref().take(length as u64).read_to_end(&mut bytes)?;
            if read == length { Ok(bytes) } else { Err(ErrorKind::UnexpectedEof.into()) }
        };
        let text = part(lengths[0], MAX_TEXT_BYTES)?;
        let jpeg = part(lengths[1], MAX_PICTURE_BYTES)?;
        let thumbnail = part(lengths[2], MAX_PICTURE_BYTES)?;
        Ok((serde_json::from_slice(&text)?, Picture { jpeg, thumbnail }))
    }
}
