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
    /// Goes to another place of the presentation: a `PptLocation`, or `INITIAL_LOCATION`.
    fn s_set_location(&mut self, cx: &mut Context<Self>, location: &str) -> Result<(), Violation>;
    /// Says that a resource of these slides will not come.
    fn s_set_resource_error_code(
        &mut self,
        cx: &mut Context<Self>,
        begin_slide: i32,
        end_slide: i32,
        format: ResourceFormat,
        error_code: ResourceErrorCode,
    ) -> Result<(), Violation>;
}

/// PptContent on the client (section 3.2.4.1.10). Each resource is a file on the file server,
/// encrypted with `key` and `iv`; `hash` is the SHA-1 of the plain bytes.
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.PptContent",
    version = 2,
    hash = -3775280164302319261,
    version = 11,
    hash = -3775280164302319261
)]
pub trait PptContentClient {
    /// The place, the slides and their thumbnails have been told.
    fn c_connect_completed(&mut self, cx: &mut Context<Self>);
    /// A resource that this client uploaded could not be added.
    fn c_error_adding_resource(
        &mut self,
        cx: &mut Context<Self>,
        resource_id: i32,
        error_code: ResourceErrorCode,
    ) -> Result<(), Violation>;
    /// The whole presentation as a file.
    fn c_set_full_ppt_file_info(
        &mut self,
        cx: &mut Context<Self>,
        file: EncryptedFile,
    ) -> Result<(), Violation>;
    /// The place that is on display: a `PptLocation`.
    #[latest]
    fn c_set_location(&mut self, cx: &mut Context<Self>, location: String)
    -> Result<(), Violation>;
    /// An OPC file with the notes of these slides.
    fn c_set_notes_info(
        &mut self,
        cx: &mut Context<Self>,
        url: String,
        slide_numbers: Vec<i32>,
        secrets: FileSecrets,
    ) -> Result<(), Violation>;
    /// A presentation with these slides alone.
    fn c_set_partial_ppt_file_info(
        &mut self,
        cx: &mut Context<Self>,
        url: String,
        slide_numbers: Vec<i32>,
        secrets: FileSecrets,
    ) -> Result<(), Violation>;
    /// A small picture of the presentation.
    fn c_set_preview_thumbnail_file_info(
        &mut self,
        cx: &mut Context<Self>,
        file: EncryptedFile,
    ) -> Result<(), Violation>;
    /// A resource of these slides is not there, and why.
    fn c_set_resource_error_code(
        &mut self,
        cx: &mut Context<Self>,
        begin_slide: i32,
        end_slide: i32,
        format: ResourceFormat,
        error_code: ResourceErrorCode,
    ) -> Result<(), Violation>;
    /// How many slides there are.
    fn c_set_slide_count(
        &mut self,
        cx: &mut Context<Self>,
        slide_count: i32,
    ) -> Result<(), Violation>;
    /// A slide as dynamic HTML, with the names of the resources that it needs.
    fn c_set_slide_dhtml_markup_info(
        &mut self,
        cx: &mut Context<Self>,
        slide_number: i32,
        click_count: i32,
        markup_url: String,
        resource_original_file_names: Vec<String>,
        secrets: FileSecrets,
    ) -> Result<(), Violation>;
    /// A file that the markup of slides refers to by its name.
    fn c_set_slide_dhtml_resource_info(
        &mut self,
        cx: &mut Context<Self>,
        resource_original_file_name: String,
        file: EncryptedFile,
    ) -> Result<(), Violation>;
    /// A slide as a picture.
    fn c_set_slide_jpeg_info(
        &mut self,
        cx: &mut Context<Self>,
        slide_number: i32,
        file: EncryptedFile,
    ) -> Result<(), Violation>;
    /// An OPC file with small pictures of the slides; `files` are their names, in the slides'
    /// order.
    fn c_set_thumbnail_file_info(
        &mut self,
        cx: &mut Context<Self>,
        files: Vec<String>,
        file: EncryptedFile,
    ) -> Result<(), Violation>;
}
