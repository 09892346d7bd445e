use psom::{Context, Violation, psom_interface};

use crate::types::EncryptedFile;

/// AnnotationContainer on the server (sections 3.1.4.1.12 and 3.3.4.1.8). An annotation goes by its
/// identifier; its generation is the number of changes that it has seen.
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.AnnotationContainer",
    version = 1,
    hash = -5714708003270970775
)]
pub trait AnnotationContainerServer {
    /// Adds an annotation.
    fn s_add_annotation(
        &mut self,
        cx: &mut Context<Self>,
        r#type: i32,
        properties: Vec<Vec<String>>,
    ) -> Result<(), Violation>;
    /// Changes properties of an annotation.
    fn s_change_properties(
        &mut self,
        cx: &mut Context<Self>,
        id: i32,
        r#gen: i32,
        properties: Vec<Vec<String>>,
    ) -> Result<(), Violation>;
    /// Gives several annotations one value of a property.
    fn s_change_property_for_group(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        gens: Vec<i32>,
        property: String,
        value: String,
    ) -> Result<(), Violation>;
    /// Gives several annotations a value each of a property.
    #[wire(name = "sChangePropertyForGroup")]
    fn s_change_property_values_for_group(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        gens: Vec<i32>,
        property: String,
        values: Vec<String>,
    ) -> Result<(), Violation>;
    /// Changes the text of a text annotation: from each `begins` to each `ends`, one after the
    /// other, in UTF-16 code units.
    #[expect(clippy::too_many_arguments, reason = "the specification's own")]
    fn s_change_text(
        &mut self,
        cx: &mut Context<Self>,
        id: i32,
        r#gen: i32,
        text_version: i32,
        begins: Vec<i32>,
        ends: Vec<i32>,
        characters: Vec<String>,
    ) -> Result<(), Violation>;
    /// Removes all annotations.
    fn s_clear_annotations(&mut self, cx: &mut Context<Self>);
    /// Removes an annotation.
    fn s_remove_annotation(&mut self, cx: &mut Context<Self>, id: i32);
    /// Removes several annotations.
    fn s_remove_annotations(&mut self, cx: &mut Context<Self>, ids: Vec<i32>, cookie: i32);
    /// Shows, moves or hides this user's telepointer.
    fn s_set_telepointer(
        &mut self,
        cx: &mut Context<Self>,
        anchor: String,
        visible: bool,
    ) -> Result<(), Violation>;
}

/// AnnotationContainer on the client (section 3.2.4.1.8).
#[psom_interface(
    name = "Microsoft.Rtc.Server.DataMCU.Meeting.AnnotationContainer",
    version = 1,
    hash = 2571074477103256610
)]
pub trait AnnotationContainerClient {
    /// Annotations were added. `property_counts` says how many of the names and values belong to
    /// each.
    #[expect(clippy::too_many_arguments, reason = "the specification's own")]
    fn c_add_annotation_batch(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        gens: Vec<i32>,
        types: Vec<i32>,
        owner_ids: Vec<i64>,
        modifier_ids: Vec<i64>,
        property_counts: Vec<i32>,
        properties: Vec<String>,
        values: Vec<String>,
    ) -> Result<(), Violation>;
    /// Properties of annotations have changed.
    #[expect(clippy::too_many_arguments, reason = "the specification's own")]
    fn c_change_properties_batch(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        gens: Vec<i32>,
        modifier_ids: Vec<i64>,
        property_counts: Vec<i32>,
        properties: Vec<String>,
        values: Vec<String>,
    ) -> Result<(), Violation>;
    /// Texts of annotations have changed. `delta_counts` says how many of the deltas belong to each.
    #[expect(clippy::too_many_arguments, reason = "the specification's own")]
    fn c_change_text_batch(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        gens: Vec<i32>,
        modifier_ids: Vec<i64>,
        text_versions: Vec<i32>,
        delta_counts: Vec<i32>,
        begins: Vec<i32>,
        ends: Vec<i32>,
        characters: Vec<String>,
    ) -> Result<(), Violation>;
    /// All annotations are gone.
    fn c_clear_annotations(&mut self, cx: &mut Context<Self>, remover_id: i64);
    /// This client's annotation was not added.
    fn c_error_add_annotation(
        &mut self,
        cx: &mut Context<Self>,
        r#type: i32,
        properties: Vec<Vec<String>>,
        error_code: String,
    );
    /// This client's properties were not taken; these are in force.
    fn c_error_change_properties(
        &mut self,
        cx: &mut Context<Self>,
        id: i32,
        r#gen: i32,
        modifier_id: i64,
        properties: Vec<Vec<String>>,
        error_code: String,
    );
    /// This client's property was not taken for a group; these values are in force.
    #[expect(clippy::too_many_arguments, reason = "the specification's own")]
    fn c_error_change_property_for_group(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        gens: Vec<i32>,
        modifier_ids: Vec<i64>,
        property: String,
        values: Vec<String>,
        error_code: String,
    );
    /// This client's change of a text was not taken.
    fn c_error_change_text(
        &mut self,
        cx: &mut Context<Self>,
        id: i32,
        r#gen: i32,
        modifier_id: i64,
        error_code: String,
    );
    /// This client could not clear the annotations.
    fn c_error_clear_annotations(&mut self, cx: &mut Context<Self>, error_code: String);
    /// This client could not remove an annotation.
    fn c_error_remove_annotation(&mut self, cx: &mut Context<Self>, id: i32, error_code: String);
    /// This client could not remove any of these annotations.
    fn c_error_remove_annotations(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        error_code: String,
        cookie: i32,
    );
    /// This client's telepointer is not shown.
    fn c_error_set_telepointer(&mut self, cx: &mut Context<Self>, error_code: String);
    /// An annotation is gone.
    fn c_remove_annotation(&mut self, cx: &mut Context<Self>, id: i32, remover_id: i64);
    /// Annotations are gone.
    fn c_remove_annotations(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        remover_id: i64,
        cookie: i32,
    );
    /// What the server holds annotations to: each constraint with its value.
    fn c_set_annotation_constraints(
        &mut self,
        cx: &mut Context<Self>,
        constraints: Vec<i32>,
        values: Vec<i32>,
    ) -> Result<(), Violation>;
    /// Announces the picture of an image annotation.
    fn c_set_image_file_info(&mut self, cx: &mut Context<Self>, id: i32, file: EncryptedFile);
    /// A user's telepointer was shown, moved or hidden.
    #[latest(owner_id)]
    fn c_set_telepointer(
        &mut self,
        cx: &mut Context<Self>,
        anchor: String,
        owner_id: i64,
        visible: bool,
    );
}
