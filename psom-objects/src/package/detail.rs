//! The details of a content, which are specific to its type.

use super::{
    error::{ManifestError, Result},
    ppt::ChunkedPpt,
    raw::RawXml,
    values::{Parsed, boolean, empty, string},
    xml_read::{Cursor, DETAIL, OCP},
    xml_write::XmlWriter,
};

/// The element `contentDetail`: the type of a content, and the detail of that type (section
/// 3.2.4.1.4.2).
///
/// The detail is optional in the schema. If all of its items are optional, an absent detail is read
/// as an empty one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentDetail {
    /// `Content.Ppt`: a presentation (section 3.1.4.1.11).
    Ppt(ChunkedPpt),
    /// `Content.PptWac`: a presentation that another server renders. The specification defines no
    /// detail for it, so it has the detail of a presentation.
    PptWac(ChunkedPpt),
    /// `Content.Whiteboard`: an empty whiteboard (section 3.1.4.1.13).
    Whiteboard,
    /// `Content.NativeFileOnly`: a file to download (section 3.1.4.1.10).
    NativeFileOnly,
    /// `Content.Poll`: a question with choices (section 3.1.4.1.14).
    Poll(PollDetail),
    /// `Content.SharedNotes`: a page of notes (section 3.1.4.1.15).
    SharedNotes(SharedNotesDetail),
    /// `Content.Qna`: questions and answers (section 3.1.4.1.16). The schema has its detail, but
    /// its enumeration of types lacks it.
    Qna,
    /// A content of a type that MS-PSOM does not define.
    Other(OtherContent),
}

/// The detail of a poll.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PollDetail {
    /// The question.
    pub question: String,
    /// The choices; at least one. The meeting limits their number (section 3.1.4.1.14: seven).
    pub choices: Vec<String>,
    /// Whether the votes of users who have left still count.
    pub remember_past_users: bool,
    /// A text for use by clients.
    pub customization_xml: String,
}

/// The detail of shared notes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SharedNotesDetail {
    /// The URL of the page.
    pub notes_url: Option<String>,
    /// The identifier of the page.
    pub notes_id: Option<String>,
    /// The title of the notebook.
    pub notebook_title: Option<String>,
    /// The title of the section.
    pub section_title: Option<String>,
    /// The title of the page.
    pub page_title: Option<String>,
}

/// The type and the detail of a third party's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherContent {
    /// The `type` attribute: 1 to 128 characters without white space or control characters. It must
    /// not be a type of MS-PSOM.
    pub content_type: String,
    /// The element inside `contentDetail`.
    pub xml: Option<RawXml>,
}

/// Each type with the element of its detail.
const TYPES: [(&str, &str); 7] = [
    ("Content.Ppt", "chunkedPptContent"),
    ("Content.PptWac", "chunkedPptContent"),
    ("Content.Whiteboard", "whiteboardContent"),
    ("Content.NativeFileOnly", "nativeFileOnlyContent"),
    ("Content.Poll", "pollContent"),
    ("Content.SharedNotes", "sharedNotesContent"),
    ("Content.Qna", "qnaContent"),
];

impl ContentDetail {
    /// Returns the type of the content, as in the `type` attribute.
    #[must_use]
    pub fn content_type(&self) -> &str {
        match self {
            Self::Ppt(_) => "Content.Ppt",
            Self::PptWac(_) => "Content.PptWac",
            Self::Whiteboard => "Content.Whiteboard",
            Self::NativeFileOnly => "Content.NativeFileOnly",
            Self::Poll(_) => "Content.Poll",
            Self::SharedNotes(_) => "Content.SharedNotes",
            Self::Qna => "Content.Qna",
            Self::Other(other) => &other.content_type,
        }
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        let attributes = cursor.required(OCP, "contentDetail", &["type"])?;
        let own = cursor.next_in(DETAIL)?;
        let content_type = match (attributes.get("type", type_name)?, &own) {
            (Some(named), _) => named,
            // The type is optional in the schema. If it is absent, the element determines it.
            (None, Some(element)) => match TYPES.iter().find(|(_, name)| name == element) {
                Some((told, _)) => (*told).to_owned(),
                None => return Err(ManifestError::NoType { at: cursor.at() }),
            },
            (None, None) => return Err(ManifestError::NoType { at: cursor.at() }),
        };
        if let Some((_, element)) = TYPES.iter().find(|(name, _)| *name == content_type)
            && let Some(found) = cursor.next_name()?
            && own.as_deref() != Some(element)
        {
            return Err(ManifestError::Mismatch { content_type, found });
        }
        let detail = match content_type.as_str() {
            "Content.Ppt" => Self::Ppt(ChunkedPpt::read(cursor)?),
            "Content.PptWac" => Self::PptWac(ChunkedPpt::read(cursor)?),
            "Content.Whiteboard" => {
                read_empty(cursor, "whiteboardContent", Some("whiteboardType"))?;
                Self::Whiteboard
            }
            "Content.NativeFileOnly" => {
                read_empty(cursor, "nativeFileOnlyContent", Some("nativeFileOnlyType"))?;
                Self::NativeFileOnly
            }
            "Content.Poll" => Self::Poll(PollDetail::read(cursor)?),
            "Content.SharedNotes" => Self::SharedNotes(SharedNotesDetail::read(cursor)?),
            "Content.Qna" => {
                read_empty(cursor, "qnaContent", None)?;
                Self::Qna
            }
            _ => Self::Other(OtherContent { content_type, xml: RawXml::read(cursor, OCP)? }),
        };
        cursor.end()?;
        Ok(detail)
    }

    pub(super) fn write(&self, out: &mut XmlWriter) {
        out.start("contentDetail");
        out.attr("type", self.content_type());
        match self {
            Self::Ppt(ppt) | Self::PptWac(ppt) => ppt.write(out),
            Self::Whiteboard => write_empty(out, "whiteboardContent", Some("whiteboardType")),
            Self::NativeFileOnly => {
                write_empty(out, "nativeFileOnlyContent", Some("nativeFileOnlyType"));
            }
            Self::Poll(poll) => poll.write(out),
            Self::SharedNotes(notes) => notes.write(out),
            Self::Qna => write_empty(out, "qnaContent", None),
            Self::Other(other) => {
                if let Some(xml) = &other.xml {
                    out.raw(xml.as_str());
                }
            }
        }
        out.end();
    }
}

impl PollDetail {
    /// Returns the detail of a poll of interface version 1, which remembers past users and has no
    /// text for use by clients.
    pub fn new(question: impl Into<String>, choices: Vec<String>) -> Self {
        let customization_xml = String::new();
        Self { question: question.into(), choices, remember_past_users: true, customization_xml }
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        cursor.required(DETAIL, "pollContent", &[])?;
        let question = cursor.value(DETAIL, "question", string)?;
        cursor.required(DETAIL, "choices", &[])?;
        let mut choices = vec![cursor.value(DETAIL, "choice", string)?];
        while let Some(choice) = cursor.optional(DETAIL, "choice", string)? {
            choices.push(choice);
        }
        cursor.end()?;
        let poll = Self {
            question,
            choices,
            remember_past_users: cursor.value(DETAIL, "rememberPastUsers", boolean)?,
            customization_xml: cursor.value(DETAIL, "customizationXml", string)?,
        };
        cursor.end()?;
        Ok(poll)
    }

    fn write(&self, out: &mut XmlWriter) {
        out.start("pollContent");
        out.attr("xmlns", DETAIL);
        out.element("question", &self.question);
        out.start("choices");
        for choice in &self.choices {
            out.element("choice", choice);
        }
        out.end();
        out.element("rememberPastUsers", if self.remember_past_users { "true" } else { "false" });
        out.element("customizationXml", &self.customization_xml);
        out.end();
    }
}

impl SharedNotesDetail {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self> {
        if cursor.child(DETAIL, "sharedNotesContent", &[])?.is_none() {
            return Ok(Self::default());
        }
        let notes = Self {
            notes_url: cursor.optional(DETAIL, "notesURL", string)?,
            notes_id: cursor.optional(DETAIL, "notesId", string)?,
            notebook_title: cursor.optional(DETAIL, "notebookTitle", string)?,
            section_title: cursor.optional(DETAIL, "sectionTitle", string)?,
            page_title: cursor.optional(DETAIL, "pageTitle", string)?,
        };
        cursor.end()?;
        Ok(notes)
    }

    fn write(&self, out: &mut XmlWriter) {
        out.start("sharedNotesContent");
        out.attr("xmlns", DETAIL);
        out.optional("notesURL", self.notes_url.as_deref());
        out.optional("notesId", self.notes_id.as_deref());
        out.optional("notebookTitle", self.notebook_title.as_deref());
        out.optional("sectionTitle", self.section_title.as_deref());
        out.optional("pageTitle", self.page_title.as_deref());
        out.end();
    }
}

/// Reads an empty detail, which is absent or has at most the value `empty`.
fn read_empty(
    cursor: &mut Cursor<'_>,
    name: &'static str,
    value: Option<&'static str>,
) -> Result<()> {
    if cursor.child(DETAIL, name, &[])?.is_some() {
        if let Some(value) = value {
            cursor.value(DETAIL, value, empty)?;
        }
        cursor.end()?;
    }
    Ok(())
}

fn write_empty(out: &mut XmlWriter, name: &'static str, value: Option<&'static str>) {
    out.start(name);
    out.attr("xmlns", DETAIL);
    out.optional(value.unwrap_or_default(), value.map(|_| "empty"));
    out.end();
}

fn type_name(text: &str) -> Parsed<String> {
    let plain = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if plain && (1..=128).contains(&text.chars().take(129).count()) {
        Ok(text.to_owned())
    } else {
        Err("the name of a content type")
    }
}
