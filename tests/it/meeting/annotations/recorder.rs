//! A whiteboard that only records its calls, one line per call.

use std::sync::Arc;

use psom::{Context, Handle, Lifecycle, Violation, distributed_object};
use psom_objects::{interfaces::*, types::EncryptedFile};

use crate::meeting::{client::Log, store::has_secrets_of};

macro_rules! note {
    ($self:ident, $($format:tt)*) => { $self.log.lock().unwrap().push(format!($($format)*)) };
}

#[distributed_object(serves = WhiteboardContentClient, calls = WhiteboardContentServer)]
pub(super) struct Whiteboard {
    log: Log,
    pub annotations: Option<Handle<Annotations>>,
}

impl Whiteboard {
    pub(super) fn new(log: Log) -> Self {
        Self { log, annotations: None }
    }
}

#[distributed_object]
impl Whiteboard {
    #[child("annotationContainer")]
    fn annotations(&mut self, cx: &mut Context<Self>) -> Handle<Annotations> {
        assert!(self.annotations.is_none(), "exactly one is connected");
        note!(self, "board.connected");
        *self.annotations.insert(cx.add(Annotations { log: Arc::clone(&self.log) }))
    }
}

impl WhiteboardContentClient for Whiteboard {
    fn c_connect_completed(&mut self, _: &mut Context<Self>) {
        note!(self, "board.completed");
    }
}

/// A whiteboard of a client that does not support annotations.
#[distributed_object(serves = WhiteboardContentClient, calls = WhiteboardContentServer)]
pub(super) struct BareWhiteboard {
    pub log: Log,
}

impl WhiteboardContentClient for BareWhiteboard {
    fn c_connect_completed(&mut self, _: &mut Context<Self>) {
        note!(self, "board.completed");
    }
}

#[distributed_object(serves = AnnotationContainerClient, calls = AnnotationContainerServer)]
pub(crate) struct Annotations {
    log: Log,
}

impl Lifecycle for Annotations {
    fn disconnected(&mut self, _: &mut Context<Self>) {
        note!(self, "board.closed");
    }
}

/// Takes the next `count` names with their values, as `NAME=value`.
fn take(count: i32, pairs: &mut impl Iterator<Item = (String, String)>) -> String {
    let pairs: Vec<_> = pairs.take(count as usize).map(|(n, v)| format!("{n}={v}")).collect();
    pairs.join(" ")
}

fn table(rows: &[Vec<String>]) -> String {
    rows.iter().map(|row| row.join("=")).collect::<Vec<_>>().join(" ")
}

impl AnnotationContainerClient for Annotations {
    fn c_add_annotation_batch(
        &mut self,
        _: &mut Context<Self>,
        ids: Vec<i32>,
        gens: Vec<i32>,
        types: Vec<i32>,
        owners: Vec<i64>,
        modifiers: Vec<i64>,
        counts: Vec<i32>,
        names: Vec<String>,
        values: Vec<String>,
    ) -> Result<(), Violation> {
        assert_eq!(names.len(), values.len());
        let mut pairs = names.into_iter().zip(values);
        let lines: Vec<_> = (0..ids.len())
            .map(|i| {
                let (id, r#gen, kind) = (ids[i], gens[i], types[i]);
                let (owner, modifier) = (owners[i], modifiers[i]);
                let properties = take(counts[i], &mut pairs);
                format!("{id}:{gen} type {kind} of {owner} by {modifier} {properties}")
            })
            .collect();
        assert_eq!(pairs.next(), None);
        note!(self, "board.added {}", lines.join(" | "));
        Ok(())
    }

    fn c_change_properties_batch(
        &mut self,
        _: &mut Context<Self>,
        ids: Vec<i32>,
        gens: Vec<i32>,
        modifiers: Vec<i64>,
        counts: Vec<i32>,
        names: Vec<String>,
        values: Vec<String>,
    ) -> Result<(), Violation> {
        let mut pairs = names.into_iter().zip(values);
        let lines: Vec<_> = (0..ids.len())
            .map(|i| {
                let properties = take(counts[i], &mut pairs);
                format!("{}:{} by {} {properties}", ids[i], gens[i], modifiers[i])
            })
            .collect();
        assert_eq!(pairs.next(), None);
        note!(self, "board.changed {}", lines.join(" | "));
        Ok(())
    }

    fn c_change_text_batch(
        &mut self,
        _: &mut Context<Self>,
        ids: Vec<i32>,
        gens: Vec<i32>,
        modifiers: Vec<i64>,
        versions: Vec<i32>,
        counts: Vec<i32>,
        begins: Vec<i32>,
        ends: Vec<i32>,
        characters: Vec<String>,
    ) -> Result<(), Violation> {
        let mut deltas = begins.into_iter().zip(ends).zip(characters);
        let lines: Vec<_> = (0..ids.len())
            .map(|i| {
                let own = deltas.by_ref().take(counts[i] as usize);
                let own: Vec<_> = own.map(|((b, e), c)| format!(" {b}..{e}={c}")).collect();
                let (id, r#gen, modifier, version) = (ids[i], gens[i], modifiers[i], versions[i]);
                format!("{id}:{gen} by {modifier} version {version}{}", own.concat())
            })
            .collect();
        assert_eq!(deltas.next(), None);
        note!(self, "board.text {}", lines.join(" | "));
        Ok(())
    }

    fn c_clear_annotations(&mut self, _: &mut Context<Self>, remover: i64) {
        note!(self, "board.cleared by {remover}");
    }
    fn c_error_add_annotation(
        &mut self,
        _: &mut Context<Self>,
        kind: i32,
        properties: Vec<Vec<String>>,
        code: String,
    ) {
        note!(self, "board.error add type {kind} [{}] {code}", table(&properties));
    }
    fn c_error_change_properties(
        &mut self,
        _: &mut Context<Self>,
        id: i32,
        r#gen: i32,
        modifier: i64,
        properties: Vec<Vec<String>>,
        code: String,
    ) {
        let properties = table(&properties);
        note!(self, "board.error change {id}:{gen} by {modifier} [{properties}] {code}");
    }
    fn c_error_change_property_for_group(
        &mut self,
        _: &mut Context<Self>,
        ids: Vec<i32>,
        gens: Vec<i32>,
        modifiers: Vec<i64>,
        property: String,
        values: Vec<String>,
        code: String,
    ) {
        note!(
            self,
            "board.error group {ids:?}:{gens:?} by {modifiers:?} {property}={values:?} {code}"
        );
    }
    fn c_error_change_text(
        &mut self,
        _: &mut Context<Self>,
        id: i32,
        r#gen: i32,
        modifier: i64,
        code: String,
    ) {
        note!(self, "board.error text {id}:{gen} by {modifier} {code}");
    }
    fn c_error_clear_annotations(&mut self, _: &mut Context<Self>, code: String) {
        note!(self, "board.error clear {code}");
    }
    fn c_error_remove_annotation(&mut self, _: &mut Context<Self>, id: i32, code: String) {
        note!(self, "board.error remove {id} {code}");
    }
    fn c_error_remove_annotations(
        &mut self,
        _: &mut Context<Self>,
        ids: Vec<i32>,
        code: String,
        cookie: i32,
    ) {
        note!(self, "board.error remove {ids:?} {code} for {cookie}");
    }
    fn c_error_set_telepointer(&mut self, _: &mut Context<Self>, code: String) {
        note!(self, "board.error pointer {code}");
    }
    fn c_remove_annotation(&mut self, _: &mut Context<Self>, id: i32, remover: i64) {
        note!(self, "board.removed {id} by {remover}");
    }
    fn c_remove_annotations(
        &mut self,
        _: &mut Context<Self>,
        ids: Vec<i32>,
        remover: i64,
        cookie: i32,
    ) {
        note!(self, "board.removed {ids:?} by {remover} for {cookie}");
    }
    fn c_set_annotation_constraints(
        &mut self,
        _: &mut Context<Self>,
        constraints: Vec<i32>,
        values: Vec<i32>,
    ) -> Result<(), Violation> {
        note!(self, "board.constraints {constraints:?} {values:?}");
        Ok(())
    }
    fn c_set_image_file_info(&mut self, _: &mut Context<Self>, id: i32, file: EncryptedFile) {
        let url = &file.url;
        assert!(has_secrets_of(url, &file.secrets()), "the secrets of {url}");
        note!(self, "board.image {id} {url}");
    }
    fn c_set_telepointer(
        &mut self,
        _: &mut Context<Self>,
        anchor: String,
        owner: i64,
        visible: bool,
    ) {
        note!(self, "board.pointer of {owner} {anchor} {visible}");
    }
}
