//! Reading the resources of a package into items of a presentation.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    deck::Deck,
    item::{Item, Markup, Pages},
};
use crate::{
    package::{PptContentResource, PptResource, ThumbnailPackage, key_of_name},
    store::StoredFile,
    types::{ResourceErrorCode, ResourceFormat},
};

/// Upper bound on the shared files of a presentation's markup. The clients of this library accept
/// as many.
const MAX_SHARED_FILES: usize = 10_000;

/// Upper bound on the shared files that the markup of one slide uses. The clients of this library
/// accept more.
const MAX_FILES_OF_MARKUP: usize = 256;

/// Upper bound on the name of a shared file or of a file inside an OPC file, in bytes. It equals
/// the bound on a package's own files.
const MAX_NAME_BYTES: usize = 255;

/// Upper bound on the bytes of the calls that announce a presentation. A newcomer receives all of them at once,
/// together with the rest of the snapshot, and the sum must stay well below the hard limit of a
/// send queue (8 MiB).
const MAX_SNAPSHOT_BYTES: usize = 2 << 20;

/// A resource that cannot be added, by its number in the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) id: Option<i64>,
    pub(super) code: ResourceErrorCode,
    pub(super) why: &'static str,
}

/// Reads the resources of one package.
pub(super) struct Intake<'a> {
    deck: &'a Deck,
    /// The files by the [keys](key_of_name) of their names, because a manifest may spell a name in
    /// several ways.
    files: BTreeMap<String, &'a StoredFile>,
    /// The resources that the package has contained so far. A package may not contain a resource
    /// twice.
    claimed: BTreeSet<Claim>,
    /// The number of shared files, including those of the package.
    shared: usize,
    /// The approximate bytes of the calls that announce all items, including those of the package.
    snapshot_bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    Form(ResourceFormat),
    Slide(ResourceFormat, u32),
    Shared(String),
}

type Taken<T> = Result<T, &'static str>;

impl<'a> Intake<'a> {
    pub(super) fn new(deck: &'a Deck, files: &'a BTreeMap<String, StoredFile>) -> Self {
        let files = files.iter().map(|(name, file)| (key_of_name(name), file)).collect();
        Self {
            deck,
            files,
            claimed: BTreeSet::new(),
            shared: deck.shared(),
            snapshot_bytes: deck.size(),
        }
    }

    /// Returns a file of the package.
    pub(super) fn file(&self, name: &str) -> Option<StoredFile> {
        self.files.get(&key_of_name(name)).map(|file| StoredFile::clone(file))
    }

    /// Accepts or refuses each resource as a whole.
    ///
    /// The specification defines a code for formats that a server does not support. All other
    /// faults of a resource have the code for a failed upload.
    pub(super) fn read(&mut self, resources: &[PptContentResource]) -> (Vec<Item>, Vec<Bad>) {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for resource in resources {
            let mut one = Resource { intake: self, claims: BTreeSet::new() };
            match one.read(&resource.resource).and_then(|items| one.weigh(items)) {
                Ok((items, snapshot_bytes)) => {
                    let claims = one.claims;
                    self.snapshot_bytes = snapshot_bytes;
                    self.shared += new_shared(self.deck, &claims);
                    self.claimed.extend(claims);
                    good.extend(items);
                }
                Err(why) => {
                    let code = match why {
                        LOOSE_NOTES => ResourceErrorCode::UnsupportedResourceFormat,
                        _ => ResourceErrorCode::ClientUploadFailed,
                    };
                    bad.push(Bad { id: resource.resource_id, code, why });
                }
            }
        }
        (good, bad)
    }
}

/// The fault of notes without an OPC file: the call for notes has one file.
const LOOSE_NOTES: &str = "the notes have no separate file";

/// A resource that is being read.
struct Resource<'i, 'a> {
    intake: &'i Intake<'a>,
    claims: BTreeSet<Claim>,
}

impl Resource<'_, '_> {
    fn read(&mut self, resource: &PptResource) -> Taken<Vec<Item>> {
        match resource {
            PptResource::Thumbnails(package) => Ok(vec![self.thumbnails(package)?]),
            PptResource::Notes(package) => {
                let file = package.file.as_deref().ok_or(LOOSE_NOTES)?;
                let slides = package.slides.iter().map(|slide| slide.slide);
                Ok(vec![Item::Notes(self.pages(ResourceFormat::Notes, Some(file), slides)?)])
            }
            PptResource::PartialPpt { file, slides } => {
                let slides = slides.iter().map(|slide| Some(*slide));
                let pages = self.pages(ResourceFormat::PartialPpt, file.as_deref(), slides)?;
                Ok(vec![Item::Partial(pages)])
            }
            PptResource::FullPpt { file, use_as_native_file } => {
                let file = self.file(file.as_deref())?;
                self.claim(Claim::Form(ResourceFormat::FullPpt))?;
                let mut items = vec![Item::Full(file.clone())];
                if *use_as_native_file == Some(true) {
                    self.claim(Claim::Form(ResourceFormat::NativeFile))?;
                    items.push(Item::Native(file));
                }
                Ok(items)
            }
            PptResource::NativeFile(file) => {
                self.claim(Claim::Form(ResourceFormat::NativeFile))?;
                Ok(vec![Item::Native(self.file(Some(file))?)])
            }
            PptResource::Jpegs(slides) => {
                let jpeg = |jpeg: &crate::package::JpegSlide| {
                    let slide = self.slide(ResourceFormat::FullJpeg, jpeg.slide)?;
                    Ok(Item::Jpeg { slide, file: self.file(jpeg.file.as_deref())? })
                };
                slides.iter().map(jpeg).collect()
            }
            PptResource::DhtmlResources(names) => self.shared(names),
            PptResource::DhtmlMarkup(slides) => {
                slides.iter().map(|slide| self.markup(slide)).collect()
            }
        }
    }

    /// Accepts items if the snapshot with them and all others is within its limit. Returns the bytes
    /// of that snapshot.
    fn weigh(&self, items: Vec<Item>) -> Taken<(Vec<Item>, usize)> {
        let more: usize = items.iter().map(|item| self.intake.deck.growth(item)).sum();
        let snapshot_bytes = self.intake.snapshot_bytes + more;
        if more > 0 && snapshot_bytes > MAX_SNAPSHOT_BYTES {
            return Err("the presentation would be too large for a snapshot");
        }
        Ok((items, snapshot_bytes))
    }

    fn thumbnails(&mut self, package: &ThumbnailPackage) -> Taken<Item> {
        self.claim(Claim::Form(ResourceFormat::SlideThumbnails))?;
        let mut names = BTreeMap::new();
        for thumbnail in &package.slides {
            let slide = self.slide(ResourceFormat::SlideThumbnails, thumbnail.slide)?;
            names.insert(slide, name(thumbnail.file.as_deref())?);
        }
        // The call for thumbnails has no slide numbers, so they are those of the first slides.
        if !names.keys().zip(0..).all(|(slide, place)| *slide == place) {
            return Err("a slide before the last one has no thumbnail");
        }
        Ok(Item::Thumbnails { names, file: self.file(Some(&package.file))? })
    }

    fn pages(
        &mut self,
        form: ResourceFormat,
        file: Option<&str>,
        slides: impl Iterator<Item = Option<u32>>,
    ) -> Taken<Pages> {
        let file = self.file(file)?;
        let slides = slides.map(|slide| self.slide(form, slide)).collect::<Taken<_>>()?;
        Ok(Pages { slides, file })
    }

    fn shared(&mut self, names: &[Option<String>]) -> Taken<Vec<Item>> {
        let mut items = Vec::new();
        for shared in names {
            let file = self.file(shared.as_deref())?;
            let name = name(shared.as_deref())?;
            self.claim(Claim::Shared(name.clone()))?;
            items.push(Item::Shared { name, file });
        }
        if self.intake.shared + new_shared(self.intake.deck, &self.claims) > MAX_SHARED_FILES {
            return Err("there are too many shared files");
        }
        Ok(items)
    }

    fn markup(&mut self, markup: &crate::package::MarkupSlide) -> Taken<Item> {
        let slide = self.slide(ResourceFormat::Dhtml, markup.slide)?;
        if markup.resources.len() > MAX_FILES_OF_MARKUP {
            return Err("the markup of a slide uses too many files");
        }
        let needs = markup.resources.iter().map(|needed| name(needed.as_deref()));
        let needs = needs.collect::<Taken<_>>()?;
        let file = self.file(markup.file.as_deref())?;
        Ok(Item::Markup(Markup { slide, clicks: markup.clicks.unwrap_or(0), needs, file }))
    }

    fn file(&self, name: Option<&str>) -> Taken<StoredFile> {
        name.and_then(|name| self.intake.file(name)).ok_or("a file is missing")
    }

    fn slide(&mut self, form: ResourceFormat, slide: Option<u32>) -> Taken<u32> {
        let slide = slide.filter(|slide| *slide < self.intake.deck.slides());
        let slide = slide.ok_or("there is no such slide")?;
        self.claim(Claim::Slide(form, slide))?;
        Ok(slide)
    }

    fn claim(&mut self, claim: Claim) -> Taken<()> {
        let is_new = !self.intake.claimed.contains(&claim) && self.claims.insert(claim);
        if is_new { Ok(()) } else { Err("the package has the resource twice") }
    }
}

/// Returns how many of these items are new shared files.
fn new_shared(deck: &Deck, claims: &BTreeSet<Claim>) -> usize {
    let is_new = |claim: &&Claim| matches!(claim, Claim::Shared(name) if !deck.shares(name));
    claims.iter().filter(is_new).count()
}

fn name(name: Option<&str>) -> Taken<String> {
    let name = name.filter(|name| !name.is_empty() && name.len() <= MAX_NAME_BYTES);
    name.map(str::to_owned).ok_or("a name is missing or too long")
}

/// Returns the number of slides of a new presentation: the declared number, or the number that its
/// resources imply.
pub(super) fn count(declared: Option<u32>, resources: &[PptContentResource]) -> u64 {
    if let Some(declared) = declared {
        return declared.into();
    }
    let highest = resources.iter().filter_map(|resource| highest(&resource.resource)).max();
    highest.map_or(0, |highest| u64::from(highest) + 1)
}

fn highest(resource: &PptResource) -> Option<u32> {
    match resource {
        PptResource::Thumbnails(package) => package.slides.iter().filter_map(|of| of.slide).max(),
        PptResource::Notes(package) => package.slides.iter().filter_map(|of| of.slide).max(),
        PptResource::DhtmlMarkup(slides) => slides.iter().filter_map(|of| of.slide).max(),
        PptResource::Jpegs(slides) => slides.iter().filter_map(|of| of.slide).max(),
        PptResource::PartialPpt { slides, .. } => slides.iter().copied().max(),
        PptResource::DhtmlResources(_)
        | PptResource::FullPpt { .. }
        | PptResource::NativeFile(_) => None,
    }
}
