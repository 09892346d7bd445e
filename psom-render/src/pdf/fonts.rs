//! Fonts that a PDF does not embed.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, OnceLock},
};

use fontdb::{Database, FaceInfo, ID, Style, Weight};
use hayro::{
    hayro_interpret::{
        FontResolverFn,
        font::{FallbackFontQuery, FontData, FontQuery, StandardFont},
    },
    hayro_syntax::{
        object::{
            Array, Dict, Name, Stream,
            dict::keys::{
                BASE_FONT, DESCENDANT_FONTS, FONT_DESC, FONT_FILE, FONT_FILE2, FONT_FILE3,
            },
        },
        page::{Page, Resources},
    },
};
use ttf_parser::Face;

/// The families in which fonts like the standard fonts of PDF are installed.
const SANS: [&str; 4] = ["Helvetica", "Arial", "Liberation Sans", "DejaVu Sans"];
const SERIF: [&str; 4] = ["Times", "Times New Roman", "Liberation Serif", "DejaVu Serif"];
const MONOSPACED: [&str; 4] = ["Courier", "Courier New", "Liberation Mono", "DejaVu Sans Mono"];

/// Upper bound on the nesting of forms that are searched for fonts. Deeper ones are rare, and a form can
/// contain itself.
const MAX_FORM_DEPTH: usize = 4;

/// The fonts of the system.
fn installed() -> &'static Database {
    static FONTS: OnceLock<Database> = OnceLock::new();
    FONTS.get_or_init(|| {
        let mut fonts = Database::new();
        fonts.load_system_fonts();
        fonts
    })
}

/// The installed fonts that have certain characters.
pub(super) struct Installed {
    /// The number of the characters that each face has; faces without any of them are left out.
    faces: HashMap<ID, usize>,
    /// The characters that no installed font has.
    pub lacking: BTreeSet<char>,
}

impl Installed {
    /// Finds the installed fonts that have these characters.
    pub(super) fn with(characters: &BTreeSet<char>) -> Self {
        let (mut faces, mut lacking) = (HashMap::new(), characters.clone());
        for face in installed().faces() {
            let own: Option<Vec<char>> = installed().with_face_data(face.id, |data, index| {
                let face = Face::parse(data, index).ok();
                let has = |c: &&char| face.as_ref().is_some_and(|it| it.glyph_index(**c).is_some());
                characters.iter().filter(has).copied().collect()
            });
            let own = own.unwrap_or_default();
            lacking.retain(|character| !own.contains(character));
            if !own.is_empty() {
                faces.insert(face.id, own.len());
            }
        }
        Self { faces, lacking }
    }

    /// Returns a resolver that prefers these fonts to the fonts in the program.
    pub(super) fn into_resolver(self) -> FontResolverFn {
        let loaded: Mutex<HashMap<ID, (FontData, u32)>> = Mutex::default();
        Arc::new(move |query| {
            let Some(wanted) = Wanted::of(query) else { return in_program(query) };
            let best = self.faces.iter().max_by_key(|(id, characters)| {
                let face = installed().face(**id);
                (**characters, face.map_or(0, |face| wanted.likeness(face)), face.map(|it| it.id))
            });
            let Some((id, _)) = best else { return in_program(query) };
            let mut loaded = loaded.lock().ok()?;
            if let Some(font) = loaded.get(id) {
                return Some(font.clone());
            }
            let font = installed().with_face_data(*id, |data, index| {
                let data: FontData = Arc::new(data.to_vec());
                (data, index)
            })?;
            loaded.insert(*id, font.clone());
            Some(font)
        })
    }
}

/// Returns the embedded font of this program that is most similar to the requested one.
pub(super) fn in_program(query: &FontQuery) -> Option<(FontData, u32)> {
    Some(match query {
        FontQuery::Standard(font) => font.get_font_data(),
        FontQuery::Fallback(query) => query.pick_standard_font().get_font_data(),
    })
}

/// The style of a requested font.
struct Wanted {
    families: &'static [&'static str],
    name: Option<String>,
    is_bold: bool,
    is_italic: bool,
}

impl Wanted {
    /// Returns the style of a query, or `None` for a font of symbols, which a font of letters cannot replace.
    fn of(query: &FontQuery) -> Option<Self> {
        use StandardFont::{
            Courier, CourierBold, CourierBoldOblique, CourierOblique, Helvetica, HelveticaBold,
            HelveticaBoldOblique, HelveticaOblique, Symbol, TimesBold, TimesBoldItalic,
            TimesItalic, TimesRoman, ZapfDingBats,
        };
        let (font, name) = match query {
            FontQuery::Standard(font) => (*font, None),
            FontQuery::Fallback(query) => (query.pick_standard_font(), name_of(query)),
        };
        let families: &[&str] = match font {
            Helvetica | HelveticaBold | HelveticaOblique | HelveticaBoldOblique => &SANS,
            TimesRoman | TimesBold | TimesItalic | TimesBoldItalic => &SERIF,
            Courier | CourierBold | CourierOblique | CourierBoldOblique => &MONOSPACED,
            Symbol | ZapfDingBats => return None,
        };
        let is_bold = matches!(
            font,
            HelveticaBold
                | HelveticaBoldOblique
                | TimesBold
                | TimesBoldItalic
                | CourierBold
                | CourierBoldOblique
        );
        let is_italic = matches!(
            font,
            HelveticaOblique
                | HelveticaBoldOblique
                | TimesItalic
                | TimesBoldItalic
                | CourierOblique
                | CourierBoldOblique
        );
        Some(Self { families, name, is_bold, is_italic })
    }

    /// Returns a higher number for a face that is more similar to the requested one.
    fn likeness(&self, face: &FaceInfo) -> u32 {
        let is_family = |known: &str| face.families.iter().any(|(family, _)| family == known);
        let is_same = self.name.as_deref() == Some(face.post_script_name.as_str());
        let is_bold = face.weight >= Weight::SEMIBOLD;
        let is_italic = face.style != Style::Normal;
        u32::from(is_same) * 16
            + u32::from(self.families.iter().any(|known| is_family(known))) * 8
            + u32::from(is_bold == self.is_bold) * 4
            + u32::from(is_italic == self.is_italic) * 2
            + u32::from(face.weight == Weight::NORMAL || face.weight == Weight::BOLD)
    }
}

fn name_of(query: &FallbackFontQuery) -> Option<String> {
    query.post_script_name.clone().or_else(|| query.font_name.clone())
}

/// Returns the names of the fonts that a page uses and the PDF does not embed.
pub(super) fn unembedded(page: &Page<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(page.resources(), MAX_FORM_DEPTH, &mut names);
    // This program contains the standard fonts, so a missing character most likely belongs to another font.
    let others: BTreeSet<String> =
        names.iter().filter(|name| !is_standard(name)).cloned().collect();
    if others.is_empty() { names } else { others }
}

/// Reports whether a font is one of the 14 standard fonts (section 9.6.2.2 of ISO 32000-2).
fn is_standard(name: &str) -> bool {
    let family = name.split('-').next().unwrap_or(name);
    matches!(family, "Helvetica" | "Times" | "Courier" | "Symbol" | "ZapfDingbats")
}

fn collect(resources: &Resources<'_>, depth: usize, names: &mut BTreeSet<String>) {
    for key in resources.fonts.keys() {
        let Some(font) = resources.fonts.get::<Dict<'_>>(&*key) else { continue };
        let own = font.get::<Dict<'_>>(FONT_DESC);
        let of_descendant = || {
            let descendants = font.get::<Array<'_>>(DESCENDANT_FONTS)?;
            descendants.iter::<Dict<'_>>().next()?.get::<Dict<'_>>(FONT_DESC)
        };
        let descriptor = own.or_else(of_descendant).unwrap_or_default();
        let is_embedded =
            [FONT_FILE, FONT_FILE2, FONT_FILE3].iter().any(|file| descriptor.contains_key(file));
        // A Type 3 font has no such name, and is always embedded.
        if let Some(name) = font.get::<Name<'_>>(BASE_FONT).filter(|_| !is_embedded) {
            names.insert(name.as_str().to_owned());
        }
    }
    if depth == 0 {
        return;
    }
    for key in resources.x_objects.keys() {
        let form = resources.x_objects.get::<Stream<'_>>(&*key);
        let own = form.and_then(|form| form.dict().get::<Dict<'_>>(b"Resources"));
        if let Some(own) = own {
            collect(&Resources::new(own), depth - 1, names);
        }
    }
}
