use std::time::Duration;

/// The limits of a meeting, with their defaults.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MeetingLimits {
    /// Reserved titles of a user at a time: 20.
    pub reservations: usize,
    /// Uploads of a user at a time: 5.
    pub uploads: usize,
    /// The time after which an upload fails if no packet arrives: 2 minutes. It is checked once in
    /// that time, so the upload may take up to twice as long to fail. Uploads by browsers have the
    /// limits of the web server instead.
    pub upload_idle: Duration,
    /// Contents of the meeting: 50.
    pub contents: usize,
    /// Bytes of a package, both packed and unpacked: 1 GiB.
    pub package_size: u64,
    /// Characters of a title: 255.
    pub title_length: usize,
    /// Slides of a presentation: 1,000.
    pub slides: usize,
    /// Choices of a poll: 7. A larger limit has no effect (section 3.1.4.1.14).
    pub choices: usize,
    /// Characters of a poll's question and of each choice: 1,000.
    pub question_length: usize,
    /// Messages of questions and answers, which are kept for newcomers: 10,000. All users who do not
    /// moderate may send half of them, and each such user a tenth.
    pub blobs: usize,
    /// Bytes of all these messages on the wire, including 16 bytes of overhead for each: 2 MiB. All
    /// users who do not moderate may send half of them, and each such user a tenth.
    pub blob_bytes: usize,
    /// The constraints of annotations, which every client receives (section 3.1.4.1.12).
    pub annotations: AnnotationLimits,
    /// Counts how often the limits have taken effect, by the names that a server gives them.
    pub hits: psom::LimitHits,
}

/// The limits of the number and the size of a content's annotations, with their defaults. Lengths are
/// in UTF-16 code units, and the others in the units of the properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnnotationLimits {
    /// Drawings: 20,000.
    pub drawings: i32,
    /// Texts: 5,000.
    pub texts: i32,
    /// Images: 200.
    pub images: i32,
    /// Stamps: 0, because the protocol has no such annotations.
    pub stamps: i32,
    /// The length of a drawing's path: 20,000.
    pub path_length: i32,
    /// The thickness of a drawing's stroke: 100.
    pub stroke_thickness: i32,
    /// The length of a text: 10,000.
    pub text_length: i32,
    /// The size of a text's font: 400.
    pub font_size: i32,
    /// Bytes of an image's file: 16 MiB.
    pub image_file_size: i32,
    /// The width of an image, by its `EXTENT`: 10,000.
    pub image_width: i32,
    /// The height of an image, by its `EXTENT`: 10,000.
    pub image_height: i32,
}

impl Default for MeetingLimits {
    fn default() -> Self {
        Self {
            reservations: 20,
            uploads: 5,
            upload_idle: Duration::from_secs(120),
            contents: 50,
            package_size: 1 << 30,
            title_length: 255,
            slides: 1000,
            choices: 7,
            question_length: 1000,
            blobs: 10_000,
            blob_bytes: 2 << 20,
            annotations: AnnotationLimits::default(),
            hits: psom::LimitHits::default(),
        }
    }
}

impl Default for AnnotationLimits {
    fn default() -> Self {
        Self {
            drawings: 20_000,
            texts: 5000,
            images: 200,
            stamps: 0,
            path_length: 20_000,
            stroke_thickness: 100,
            text_length: 10_000,
            font_size: 400,
            image_file_size: 16 << 20,
            image_width: 10_000,
            image_height: 10_000,
        }
    }
}
