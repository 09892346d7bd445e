use std::collections::BTreeSet;

use psom::{Context, Handle, Violation, distributed_object};

use super::board::BoardFollower;
use crate::{
    client::{
        model::{
            content::ContentEvent,
            slides::{MAX_SLIDES, SlideMarkup, SlidesEvent},
        },
        root::Root,
    },
    interfaces::{PptContentClient, PptContentServer},
    package::{INITIAL_LOCATION, Location},
    types::{EncryptedFile, FileSecrets, ResourceErrorCode, ResourceFormat},
};

/// Upper bound on the files that the markup of a presentation's slides uses. Like the other bounds
/// in this file, it is larger than any presentation needs, and protects a client from a server that
/// sends files endlessly.
const MAX_SHARED_FILES: usize = 10_000;

/// Upper bound on the files that the markup of one slide uses.
const MAX_FILES_OF_SLIDE: usize = 1000;

/// Upper bound on the name of a file in bytes.
const MAX_NAME_BYTES: usize = 1024;

/// Upper bound on the URL of a file in bytes.
const MAX_URL_BYTES: usize = 4096;

/// Follows a presentation (section 3.2.4.1.10). A call that violates the specification or an upper
/// bound ends the connection.
#[distributed_object(
    serves = PptContentClient,
    calls = PptContentServer
)]
pub(in crate::client) struct SlidesFollower {
    id: i64,
    pub(in crate::client) root: Root,
    pub(in crate::client) annotations: Option<Handle<BoardFollower>>,
    count: u32,
    /// The names of the shared files that the server has announced.
    shared: BTreeSet<String>,
}

#[distributed_object]
impl SlidesFollower {
    #[child("annotationContainer")]
    fn connect_annotations(
        &mut self,
        cx: &mut Context<Self>,
    ) -> Result<Handle<BoardFollower>, Violation> {
        if self.annotations.is_some() {
            return Err(Violation::new("the content has a second annotationContainer"));
        }
        let annotations = cx.add_while_connected(BoardFollower::new(self.id, self.root.clone()));
        self.annotations = Some(annotations);
        Ok(annotations)
    }
}

impl SlidesFollower {
    pub(in crate::client) fn new(id: i64, root: Root) -> Self {
        Self { id, root, annotations: None, count: 0, shared: BTreeSet::new() }
    }

    fn report(&self, cx: &mut Context<Self>, event: SlidesEvent) {
        self.root.report_content(cx, self.id, ContentEvent::Slides(event));
    }

    fn slide(&self, number: i32) -> Result<u32, Violation> {
        let slide = u32::try_from(number).ok().filter(|slide| *slide < self.count);
        slide.ok_or_else(|| Violation::new("the presentation has no such slide"))
    }

    fn slides(&self, numbers: Vec<i32>) -> Result<BTreeSet<u32>, Violation> {
        numbers.into_iter().map(|number| self.slide(number)).collect()
    }
}

/// Checks the lengths of a file's URL and secrets.
fn checked(file: EncryptedFile) -> Result<EncryptedFile, Violation> {
    let EncryptedFile { url, key, iv, hash } = &file;
    if url.len() > MAX_URL_BYTES {
        return Err(Violation::new("the URL of a file is too long"));
    }
    if (key.len(), iv.len(), hash.len()) != (32, 16, 20) {
        return Err(Violation::new(
            "a file without an AES-256 key, initialization vector and SHA-1",
        ));
    }
    Ok(file)
}

fn known(code: ResourceErrorCode) -> Result<ResourceErrorCode, Violation> {
    match code {
        ResourceErrorCode::Other(_) => Err(Violation::new("unknown resource error code")),
        known => Ok(known),
    }
}

impl PptContentClient for SlidesFollower {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.root.report_content(cx, self.id, ContentEvent::ExtendedReady);
    }

    fn c_error_adding_resource(
        &mut self,
        cx: &mut Context<Self>,
        resource_id: i32,
        error_code: ResourceErrorCode,
    ) -> Result<(), Violation> {
        let code = known(error_code)?;
        self.report(cx, SlidesEvent::Refused { resource: resource_id, code });
        Ok(())
    }

    fn c_set_full_ppt_file_info(
        &mut self,
        cx: &mut Context<Self>,
        file: EncryptedFile,
    ) -> Result<(), Violation> {
        let file = checked(file)?;
        self.report(cx, SlidesEvent::Full { file });
        Ok(())
    }

    fn c_set_location(
        &mut self,
        cx: &mut Context<Self>,
        location: String,
    ) -> Result<(), Violation> {
        // A server may send the value that sSetLocation has, too (ruling 20).
        let location = match location.as_str() {
            INITIAL_LOCATION => Location::new(0, 0),
            document => {
                Location::parse(document).map_err(|_| Violation::new("malformed location"))?
            }
        };
        self.report(cx, SlidesEvent::Location { location });
        Ok(())
    }

    fn c_set_notes_info(
        &mut self,
        cx: &mut Context<Self>,
        url: String,
        slide_numbers: Vec<i32>,
        secrets: FileSecrets,
    ) -> Result<(), Violation> {
        let (slides, file) = (self.slides(slide_numbers)?, checked(secrets.with_url(url))?);
        self.report(cx, SlidesEvent::Notes { slides, file });
        Ok(())
    }

    fn c_set_partial_ppt_file_info(
        &mut self,
        cx: &mut Context<Self>,
        url: String,
        slide_numbers: Vec<i32>,
        secrets: FileSecrets,
    ) -> Result<(), Violation> {
        let (slides, file) = (self.slides(slide_numbers)?, checked(secrets.with_url(url))?);
        self.report(cx, SlidesEvent::Partial { slides, file });
        Ok(())
    }

    fn c_set_preview_thumbnail_file_info(
        &mut self,
        cx: &mut Context<Self>,
        file: EncryptedFile,
    ) -> Result<(), Violation> {
        let file = checked(file)?;
        self.report(cx, SlidesEvent::Preview { file });
        Ok(())
    }

    fn c_set_resource_error_code(
        &mut self,
        cx: &mut Context<Self>,
        begin_slide: i32,
        end_slide: i32,
        format: ResourceFormat,
        error_code: ResourceErrorCode,
    ) -> Result<(), Violation> {
        let (begin, end) = (self.slide(begin_slide)?, self.slide(end_slide)?);
        if begin > end || matches!(format, ResourceFormat::Other(_)) {
            return Err(Violation::new("an empty range of slides, or an unknown resource format"));
        }
        let code = known(error_code)?;
        self.report(cx, SlidesEvent::Failed { begin, end, format, code });
        Ok(())
    }

    fn c_set_slide_count(
        &mut self,
        cx: &mut Context<Self>,
        slide_count: i32,
    ) -> Result<(), Violation> {
        let count = u32::try_from(slide_count).ok().filter(|count| *count <= MAX_SLIDES);
        self.count =
            count.ok_or_else(|| Violation::new("a slide count that is negative or too large"))?;
        self.report(cx, SlidesEvent::Count { count: self.count });
        Ok(())
    }

    fn c_set_slide_dhtml_markup_info(
        &mut self,
        cx: &mut Context<Self>,
        slide_number: i32,
        click_count: i32,
        markup_url: String,
        resource_original_file_names: Vec<String>,
        secrets: FileSecrets,
    ) -> Result<(), Violation> {
        // The files of the markup may be announced later (ruling 19).
        let needs = resource_original_file_names;
        if needs.len() > MAX_FILES_OF_SLIDE || needs.iter().any(|name| name.len() > MAX_NAME_BYTES)
        {
            return Err(Violation::new("markup uses too many files, or a name is too long"));
        }
        let clicks = u32::try_from(click_count);
        let clicks = clicks.map_err(|_| Violation::new("a negative number of clicks"))?;
        let slide = self.slide(slide_number)?;
        let file = checked(secrets.with_url(markup_url))?;
        let markup = SlideMarkup { clicks, needs, file };
        self.report(cx, SlidesEvent::Markup { slide, markup });
        Ok(())
    }

    fn c_set_slide_dhtml_resource_info(
        &mut self,
        cx: &mut Context<Self>,
        resource_original_file_name: String,
        file: EncryptedFile,
    ) -> Result<(), Violation> {
        let name = resource_original_file_name;
        if name.len() > MAX_NAME_BYTES {
            return Err(Violation::new("the name of a file is too long"));
        }
        if !self.shared.contains(&name) && self.shared.len() >= MAX_SHARED_FILES {
            return Err(Violation::new("too many files for markup"));
        }
        let file = checked(file)?;
        self.shared.insert(name.clone());
        self.report(cx, SlidesEvent::Shared { name, file });
        Ok(())
    }

    fn c_set_slide_jpeg_info(
        &mut self,
        cx: &mut Context<Self>,
        slide_number: i32,
        file: EncryptedFile,
    ) -> Result<(), Violation> {
        let (slide, file) = (self.slide(slide_number)?, checked(file)?);
        self.report(cx, SlidesEvent::Jpeg { slide, file });
        Ok(())
    }

    fn c_set_thumbnail_file_info(
        &mut self,
        cx: &mut Context<Self>,
        files: Vec<String>,
        file: EncryptedFile,
    ) -> Result<(), Violation> {
        if files.len() as u64 > u64::from(self.count) {
            return Err(Violation::new("more thumbnails than slides"));
        }
        if files.iter().any(|name| name.len() > MAX_NAME_BYTES) {
            return Err(Violation::new("the name of a file is too long"));
        }
        let file = checked(file)?;
        self.report(cx, SlidesEvent::Thumbnails { names: files, file });
        Ok(())
    }
}
