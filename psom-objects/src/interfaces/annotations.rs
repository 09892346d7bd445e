use psom::{Context, Violation, psom_interface};

use crate::types::EncryptedFile;

/// AnnotationContainer on the server (sections 3.1.4.1.12 and 3.3.4.1.8). An annotation
/// has an identifier, and a generation that counts its changes.
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
    /// Sets a property of several annotations to one value.
    fn s_change_property_for_group(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        gens: Vec<i32>,
        property: String,
        value: String,
    ) -> Result<(), Violation>;
    /// Sets a property of several annotations, each to its own value.
    #[wire(name = "sChangePropertyForGroup")]
    fn s_change_property_values_for_group(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        gens: Vec<i32>,
        property: String,
        values: Vec<String>,
    ) -> Result<(), Violation>;
    /// Changes the text of a text annotation. Each delta replaces the UTF-16 code units from
    /// `begins` to `ends`. The deltas apply in order.
    #[expect(clippy::too_many_arguments, reason = "the specification defines the parameters")]
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
    /// Adds annotations. `property_counts` has the number of names and values of each annotation.
    #[expect(clippy::too_many_arguments, reason = "the specification defines the parameters")]
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
    /// Changes properties of annotations.
    #[expect(clippy::too_many_arguments, reason = "the specification defines the parameters")]
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
    /// Changes texts of annotations. `delta_counts` has the number of deltas of each annotation.
    #[expect(clippy::too_many_arguments, reason = "the specification defines the parameters")]
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
    /// Removes all annotations.
    fn c_clear_annotations(&mut self, cx: &mut Context<Self>, remover_id: i64);
    /// Refuses to add this client's annotation.
    fn c_error_add_annotation(
        &mut self,
        cx: &mut Context<Self>,
        r#type: i32,
        properties: Vec<Vec<String>>,
        error_code: String,
    );
    /// Refuses this client's change of properties, and answers with the current ones.
    fn c_error_change_properties(
        &mut self,
        cx: &mut Context<Self>,
        id: i32,
        r#gen: i32,
        modifier_id: i64,
        properties: Vec<Vec<String>>,
        error_code: String,
    );
    /// Refuses this client's change of a group, and answers with the current values.
    #[expect(clippy::too_many_arguments, reason = "the specification defines the parameters")]
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
    /// Refuses this client's change of a text.
    fn c_error_change_text(
        &mut self,
        cx: &mut Context<Self>,
        id: i32,
        r#gen: i32,
        modifier_id: i64,
        error_code: String,
    );
    /// Refuses this client's request to remove all annotations.
    fn c_error_clear_annotations(&mut self, cx: &mut Context<Self>, error_code: String);
    /// Refuses this client's request to remove an annotation.
    fn c_error_remove_annotation(&mut self, cx: &mut Context<Self>, id: i32, error_code: String);
    /// Refuses this client's request to remove these annotations.
    fn c_error_remove_annotations(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        error_code: String,
        cookie: i32,
    );
    /// Refuses this client's telepointer.
    fn c_error_set_telepointer(&mut self, cx: &mut Context<Self>, error_code: String);
    /// Removes an annotation.
    fn c_remove_annotation(&mut self, cx: &mut Context<Self>, id: i32, remover_id: i64);
    /// Removes annotations.
    fn c_remove_annotations(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
        remover_id: i64,
        cookie: i32,
    );
    /// Sets the constraints of annotations and their values.
    fn c_set_annotation_constraints(
        &mut self,
        cx: &mut Context<Self>,
        constraints: Vec<i32>,
        values: Vec<i32>,
    ) -> Result<(), Violation>;
    /// Announces the picture of an image annotation.
    fn c_set_image_file_info(&mut self, cx: &mut Context<Self>, id: i32, file: EncryptedFile);
    /// Shows, moves or hides the telepointer of a user.
    #[latest(owner_id)]
    fn c_set_telepointer(
        &mut self,
        cx: &mut Context<Self>,
        anchor: String,
        owner_id: i64,
        visible: bool,
    );
}
