mod announce;
mod deck;
mod intake;
mod item;
mod position;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use psom::{
    Context, Durable, DurableState as _, Handle, Lifecycle, PeerId, Scope, Violation,
    distributed_object,
};

use self::{
    deck::{Deck, DeckChange, Failed},
    intake::{Bad, Intake},
    item::Item,
    position::Position,
};
#[cfg(feature = "offline")]
use crate::package::Location;
use crate::{
    interfaces::{PptContentClient, PptContentClientProxy, PptContentServer},
    package::{ChunkedPpt, ContentDetail, ResourceDetail},
    server::{
        annotations::container::AnnotationContainer,
        content_type::{Added, Addition, ContentRef, ContentType, NewContent, OldContent, Refusal},
        context::MeetingContext,
    },
    store::StoredFile,
    types::{ResourceErrorCode, ResourceFormat, Role, UploadFinishReason},
};

/// The extended content of a presentation (section 3.3.4.1.10): the resources that show its slides,
/// and the displayed location. It serves the types `Content.Ppt` and `Content.PptWac`.
///
/// # Resources
///
/// Resources arrive with the presentation or later in separate packages, and each is announced
/// immediately. A newer resource replaces an older one. Markup is announced after all files that it
/// names. Thumbnails belong to the first slides without a gap, because their call has no slide
/// numbers. Each resource of a package is accepted or refused as a whole. `cErrorAddingResource`
/// notifies the uploader of a refused resource that has a number.
///
/// # Errors
///
/// An error explains a missing resource until the resource arrives; newcomers receive it, too. When
/// the owner or another uploader leaves the meeting or may not upload any more, the missing
/// resources are announced with code 100 or 101:
///
/// - in each slide-by-slide format (JPEG, DHTML, thumbnails, notes) that the user has begun, the
///   slides that no user has uploaded; a slide that exists in a format that shows it is complete
///   without notes;
/// - all slides, with the format `None`, if no user has uploaded anything that shows slides;
/// - nothing, if nothing is missing or errors already explain it.
#[distributed_object(
    serves = PptContentServer,
    calls = PptContentClient,
    connects = AnnotationContainer
)]
pub struct PptContent {
    deck: Durable<Deck>,
    meeting: MeetingContext,
    content: ContentRef,
    annotations: Handle<AnnotationContainer>,
    /// The refused resources of packages whose uploaders have not connected yet.
    refused: Vec<(PeerId, Vec<Bad>)>,
}

/// Upper bound on the packages whose refused resources are remembered until their uploaders
/// connect.
const MAX_REFUSED_PACKAGES: usize = 20;

#[cfg(feature = "offline")]
impl PptContent {
    /// Returns the board.
    pub(in crate::server) fn annotations(&self) -> Handle<AnnotationContainer> {
        self.annotations
    }

    /// Goes to a slide and a click like `sSetLocation`, or returns the reason why not.
    pub(in crate::server) fn go_to_recorded(
        &mut self,
        cx: &mut Context<Self>,
        slide: u32,
        click: u32,
    ) -> Result<(), String> {
        if !self.deck.has(slide) {
            let count = self.deck.slides();
            return Err(format!("there is no slide {}; it has {count}", slide + 1));
        }
        let location = Location::new(slide, click).to_xml().map_err(|error| error.to_string())?;
        self.s_set_location(cx, &location).map_err(|violation| violation.to_string())?;
        if self.deck.position().xml == location {
            return Ok(());
        }
        Err("you may not change the slide; replay it as a presenter".to_owned())
    }
}

impl ContentType for PptContent {
    const NAME: &'static str = "Content.Ppt";

    fn create(scope: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal> {
        let NewContent {
            owner, peer, detail, native_file, files, content, meeting, memory, ..
        } = new;
        let (ContentDetail::Ppt(ppt) | ContentDetail::PptWac(ppt)) = detail else {
            return Err(Refusal::malformed("the detail is not that of a presentation"));
        };
        let ChunkedPpt { slides, preview_thumbnail_file, resources } = ppt;
        let count = intake::count(slides, &resources);
        let limit = meeting.limits().slides;
        let slides = u32::try_from(count).ok();
        let slides = slides.filter(|_| usize::try_from(count).is_ok_and(|count| count <= limit));
        let Some(slides) = slides else {
            let why = format!("{count} slides are too many");
            return Err(Refusal::new(UploadFinishReason::TooManySlides, why));
        };
        let mut deck = Deck::new(owner, slides);
        let mut intake = Intake::new(&deck, files);
        let (good, refused) = intake.read(&resources);
        let preview = preview_thumbnail_file.and_then(|name| intake.file(&name));
        if good.is_empty()
            && let Some(bad) = refused.first()
        {
            return Err(Refusal::malformed(bad.why));
        }
        let first = native_file.cloned().map(Item::Native).into_iter();
        let first = first.chain(preview.map(Item::Preview));
        for item in first.chain(good) {
            if let Item::Native(file) = &item
                && native_file != Some(file)
            {
                content.set_native_file(scope, file.clone());
            }
            // The new deck is saved as a whole.
            deck.apply(DeckChange::Added { user: owner, item }, &mut Vec::new());
        }
        discard(scope, &content, &deck, files.values());
        let deck = memory.create(scope, deck);
        let container = AnnotationContainer::new(meeting.clone(), content.clone(), &memory);
        let annotations = scope.add(container);
        Ok(Self { deck, meeting, content, annotations, refused: vec![(peer, refused)] })
    }

    fn restore(scope: &mut Scope, old: OldContent<'_>) -> Result<Self, Refusal> {
        let container = AnnotationContainer::restore(&old)?;
        let mut deck = old.memory.restored(Deck::restore(&old.saved)?);
        // The uploads that the end of the previous run interrupted are not resumed.
        for user in deck.uploaders() {
            for failed in deck.left_undone(user, ResourceErrorCode::UploaderClientDisconnected) {
                deck.change(scope, DeckChange::Failed(failed));
            }
        }
        let (annotations, refused) = (scope.add(container), Vec::new());
        Ok(Self { deck, meeting: old.meeting, content: old.content, annotations, refused })
    }

    fn add(&mut self, cx: &mut Context<Self>, addition: Addition) -> Result<(), Refusal> {
        if matches!(addition.what, Added::Annotation(_)) {
            return AnnotationContainer::add_image(cx, self.annotations, addition);
        }
        let Addition { peer, user, what, files, .. } = addition;
        let Added::Resources(Some(ResourceDetail::Resources(resources))) = what else {
            return Err(Refusal::malformed("there are no resources that are known here"));
        };
        let (good, refused) = Intake::new(&self.deck, &files).read(&resources);
        let why = refused.first().map_or("there are no resources", |bad| bad.why);
        if let Some(mut uploader) = cx.peer(peer) {
            refused.iter().for_each(|bad| send_refusal(&mut uploader, bad));
        } else if !refused.is_empty() {
            self.refused.push((peer, refused));
            self.refused.drain(..self.refused.len().saturating_sub(MAX_REFUSED_PACKAGES));
        }
        if good.is_empty() {
            return Err(Refusal::malformed(why));
        }
        for item in &good {
            if let Item::Native(file) = item {
                self.content.set_native_file(cx, file.clone());
            }
        }
        let added = good.into_iter().map(|item| DeckChange::Added { user, item });
        let displaced = self.change(cx, added);
        let candidates = files.into_values().chain(displaced).map(by_name);
        let candidates: BTreeMap<_, _> = candidates.collect();
        discard(cx, &self.content, &self.deck, candidates.values());
        Ok(())
    }

    fn deleted(&mut self, cx: &mut Context<Self>) {
        cx.remove(self.annotations);
    }

    fn user_changed(&mut self, cx: &mut Context<Self>, user: i64, role: Option<Role>) {
        AnnotationContainer::user_changed(cx, self.annotations, user, role);
        let code = match role {
            None => ResourceErrorCode::UploaderClientDisconnected,
            Some(role) if !self.meeting.policy().may_upload(role) => {
                ResourceErrorCode::UploaderClientDemoted
            }
            Some(_) => return,
        };
        let failed = self.deck.left_undone(user, code).into_iter();
        self.change(cx, failed.map(DeckChange::Failed));
    }
}

impl PptContent {
    /// Makes changes and announces them. Returns the files that have lost a place.
    fn change(
        &mut self,
        cx: &mut Context<Self>,
        changes: impl IntoIterator<Item = DeckChange>,
    ) -> Vec<StoredFile> {
        let mut displaced = Vec::new();
        for change in changes {
            match &change {
                DeckChange::Moved(position) => drop(cx.peers().c_set_location(&position.xml)),
                DeckChange::Failed(failed) => announce::failed(&mut cx.peers(), *failed),
                DeckChange::Added { .. } => {}
            }
            let effect = self.deck.change(cx, change);
            let mut peers = cx.peers();
            for item in effect.announced.iter().filter_map(|place| self.deck.item(place)) {
                announce::item(&mut peers, &self.meeting, item);
            }
            displaced.extend(effect.displaced);
        }
        displaced
    }

    fn role(&self, cx: &mut Context<Self>) -> Role {
        let user = cx.caller().user().id;
        self.meeting.role(cx, user)
    }

    /// Returns the number of an existing slide.
    fn slide(&self, number: i32) -> Result<u32, Violation> {
        let slide = u32::try_from(number).ok().filter(|slide| *slide < self.deck.slides());
        slide.ok_or_else(|| Violation::new("no such slide"))
    }
}

impl PptContentServer for PptContent {
    fn s_set_location(&mut self, cx: &mut Context<Self>, location: &str) -> Result<(), Violation> {
        let wanted = Position::read(location);
        let wanted = wanted.map_err(|_| Violation::new("malformed location"))?;
        let is_permitted = self.meeting.policy().may_present(self.role(cx));
        let can = |wanted: &Position| {
            is_permitted && self.deck.has(wanted.slide) && wanted != self.deck.position()
        };
        match wanted.filter(can) {
            Some(wanted) => drop(self.change(cx, [DeckChange::Moved(wanted)])),
            // A client may already show the requested slide, so this answer resets it.
            None => drop(cx.caller().c_set_location(&self.deck.position().xml)),
        }
        Ok(())
    }

    fn s_set_resource_error_code(
        &mut self,
        cx: &mut Context<Self>,
        begin_slide: i32,
        end_slide: i32,
        format: ResourceFormat,
        error_code: ResourceErrorCode,
    ) -> Result<(), Violation> {
        let (begin, end) = (self.slide(begin_slide)?, self.slide(end_slide)?);
        if begin > end {
            return Err(Violation::new("the slides end before they begin"));
        }
        if matches!(format, ResourceFormat::Other(_)) {
            return Err(Violation::new("unknown resource format"));
        }
        if matches!(error_code, ResourceErrorCode::Other(_)) {
            return Err(Violation::new("unknown resource error code"));
        }
        if self.meeting.policy().may_upload(self.role(cx)) {
            let failed = Failed { begin, end, form: format, code: error_code };
            self.change(cx, [DeckChange::Failed(failed)]);
        }
        Ok(())
    }
}

impl Lifecycle for PptContent {
    fn connected(&mut self, cx: &mut Context<Self>) {
        let Some(peer) = cx.caller().id() else { return };
        // A second connection would send the same presentation again.
        if cx.peer_infos().iter().filter(|info| info.id == peer).count() > 1 {
            return cx.caller().expel(Violation::new("a presentation is connected once"));
        }
        let mut caller = cx.caller();
        caller.c_set_slide_count(announce::number(self.deck.slides()));
        caller.c_set_location(&self.deck.position().xml);
        self.deck.items().for_each(|item| announce::item(&mut caller, &self.meeting, item));
        self.deck.errors().into_iter().for_each(|failed| announce::failed(&mut caller, failed));
        let all = std::mem::take(&mut self.refused).into_iter();
        let (own, others): (Vec<_>, Vec<_>) = all.partition(|(uploader, _)| *uploader == peer);
        self.refused = others;
        own.iter().flat_map(|(_, bad)| bad).for_each(|bad| send_refusal(&mut caller, bad));
        // A client without the interface of annotations still receives the end of the initial
        // state.
        let _ = caller.connect(AnnotationContainer::PART, self.annotations);
        // This call follows the snapshot that the container sends when it is connected.
        let this = cx.handle();
        cx.tell(this, move |_, cx| {
            if let Some(client) = cx.peer(peer) {
                client.c_connect_completed();
            }
        });
    }

    fn disconnected(&mut self, cx: &mut Context<Self>) {
        if let Some(peer) = cx.caller().id() {
            let _ = cx.disconnect(self.annotations, peer);
        }
    }
}

/// Notifies the uploader of refused resources. A resource without a number that the call can carry
/// is skipped.
fn send_refusal<T: psom::interface::Target>(to: &mut PptContentClientProxy<T>, bad: &Bad) {
    if let Some(id) = bad.id.and_then(|id| i32::try_from(id).ok()) {
        to.c_error_adding_resource(id, bad.code);
    }
}

/// Removes those of the files that the presentation does not use any more.
fn discard<'f>(
    scope: &mut Scope,
    content: &ContentRef,
    deck: &Deck,
    files: impl Iterator<Item = &'f StoredFile>,
) {
    let used = deck.used();
    let unused = files.filter(|file| !used.contains(file.name.as_str()));
    content.discard_all(scope, unused.map(|file| file.name.clone()).collect());
}

fn by_name(file: StoredFile) -> (String, StoredFile) {
    (file.name.clone(), file)
}
