use psom::{Context, Violation, psom_interface};

use crate::types::{EncryptedFile, FileSecrets, ResourceErrorCode, ResourceFormat};

/// PptContent on the server (sections 3.1.4.1.11 and 3.3.4.1.10).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.PptContent",
    version = 2,
    hash = 5075721282249770644,
    version = 11,
    hash = 5075721282249770644
)]
pub trait PptContentServer {
    /// Moves the presentation to a location: a `PptLocation`, or `INITIAL_LOCATION`.
    fn s_set_location(&mut self, cx: &mut Context<Self>, location: &str) -> Result<(), Violation>;
    /// Reports that a resource of these slides will not be uploaded.
    fn s_set_resource_error_code(
        &mut self,
        cx: &mut Context<Self>,
        begin_slide: i32,
        end_slide: i32,
        format: ResourceFormat,
        error_code: ResourceErrorCode,
    ) -> Result<(), Violation>;
}

/// PptContent on the client (section 3.2.4.1.10). Each resource is an encrypted file on the file
/// server.
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.PptContent",
    version = 2,
    hash = -3775280164302319261,
    version = 11,
    hash = -3775280164302319261
)]
pub trait PptContentClient {
    /// Marks the end of the initial location, slides and thumbnails.
    fn c_connect_completed(&mut self, cx: &mut Context<Self>);
    /// Reports that a resource of this client's upload could not be added.
    fn c_error_adding_resource(
        &mut self,
        cx: &mut Context<Self>,
        resource_id: i32,
        error_code: ResourceErrorCode,
    ) -> Result<(), Violation>;
    /// Sets the file with the whole presentation.
    fn c_set_full_ppt_file_info(
        &mut self,
        cx: &mut Context<Self>,
        file: EncryptedFile,
    ) -> Result<(), Violation>;
    /// Sets the displayed location: a `PptLocation`.
    #[latest]
    fn c_set_location(&mut self, cx: &mut Context<Self>, location: String)
    -> Result<(), Violation>;
    /// Adds an OPC file with the notes of these slides.
    fn c_set_notes_info(
        &mut self,
        cx: &mut Context<Self>,
        url: String,
        slide_numbers: Vec<i32>,
        secrets: FileSecrets,
    ) -> Result<(), Violation>;
    /// Adds a presentation of only these slides.
    fn c_set_partial_ppt_file_info(
        &mut self,
        cx: &mut Context<Self>,
        url: String,
        slide_numbers: Vec<i32>,
        secrets: FileSecrets,
    ) -> Result<(), Violation>;
    /// Sets the thumbnail of the presentation.
    fn c_set_preview_thumbnail_file_info(
        &mut self,
        cx: &mut Context<Self>,
        file: EncryptedFile,
    ) -> Result<(), Violation>;
    /// Reports why a resource of these slides is missing.
    fn c_set_resource_error_code(
        &mut self,
        cx: &mut Context<Self>,
        begin_slide: i32,
        end_slide: i32,
        format: ResourceFormat,
        error_code: ResourceErrorCode,
    ) -> Result<(), Violation>;
    /// Sets the number of slides.
    fn c_set_slide_count(
        &mut self,
        cx: &mut Context<Self>,
        slide_count: i32,
    ) -> Result<(), Violation>;
    /// Sets the dynamic HTML of a slide, and the names of the resources that it uses.
    fn c_set_slide_dhtml_markup_info(
        &mut self,
        cx: &mut Context<Self>,
        slide_number: i32,
        click_count: i32,
        markup_url: String,
        resource_original_file_names: Vec<String>,
        secrets: FileSecrets,
    ) -> Result<(), Violation>;
    /// Adds a file that the markup of slides refers to by its name.
    fn c_set_slide_dhtml_resource_info(
        &mut self,
        cx: &mut Context<Self>,
        resource_original_file_name: String,
        file: EncryptedFile,
    ) -> Result<(), Violation>;
    /// Sets the picture of a slide.
    fn c_set_slide_jpeg_info(
        &mut self,
        cx: &mut Context<Self>,
        slide_number: i32,
        file: EncryptedFile,
    ) -> Result<(), Violation>;
    /// Sets the OPC file with the thumbnails of the slides; `files` has their names in the order of
    /// the slides.
    fn c_set_thumbnail_file_info(
        &mut self,
        cx: &mut Context<Self>,
        files: Vec<String>,
        file: EncryptedFile,
    ) -> Result<(), Violation>;
}
