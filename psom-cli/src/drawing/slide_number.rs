//! The slide that an annotation of a presentation is on.
//!
//! The protocol has one board for all slides. The page names the slide in the identifier that it gives an
//! annotation, `slide-N.` with N from 0, and so does this program.

use psom_objects::annotation::{Annotation, Property};

/// Returns the slide of an annotation, from 0. Those of other programs have none and are shown on each slide.
pub(crate) fn slide_of(annotation: &Annotation) -> Option<u32> {
    let id = annotation.get(Property::LocalId)?;
    let (number, _) = id.strip_prefix("slide-")?.split_once('.')?;
    number.parse().ok()
}

/// Returns a new identifier of an annotation on a slide, or on a whiteboard.
pub(crate) fn new_local_id(slide: Option<u32>) -> String {
    let unique = format!("{:032x}", rand::random::<u128>());
    slide.map_or_else(|| unique.clone(), |slide| format!("slide-{slide}.{unique}"))
}

#[cfg(test)]
mod tests {
    use psom_objects::annotation::{Kind, Properties};

    use super::*;

    #[test]
    fn identifiers_name_the_slide() {
        let of = |id: &str| {
            let properties = Properties::from([(Property::LocalId, id.to_owned())]);
            slide_of(&Annotation::new(Kind::Drawing, 1, properties))
        };
        assert_eq!((of("slide-2.17"), of("slide-12.1")), (Some(2), Some(12)));
        for other in ["17", "slide-x.1", "", "slide-2", "slide-.1"] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(of(&new_local_id(Some(7))), Some(7));
        assert_eq!(of(&new_local_id(None)), None);
    }
}
