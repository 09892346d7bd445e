//! Fragments of third parties: they stay as they are, and take along what they need.

use crate::package::*;

const OCP: &str = "http://schemas.microsoft.com/2008/12/ocp";

/// Reads a fragment inside of a manifest, with declarations around it.
fn inside(around: &str, fragment: &str) -> RawXml {
    let xml = format!(
        "<ocp xmlns='{OCP}' {around}><createAnnotation><creationProperties><parentId/>\
         </creationProperties><annotationDetail>{fragment}</annotationDetail></createAnnotation>\
         </ocp>"
    );
    let manifest = Manifest::parse(&xml).unwrap();
    let written = manifest.to_xml().unwrap();
    assert_eq!(Manifest::parse(&written).unwrap(), manifest);
    let Manifest::CreateAnnotation(annotation) = manifest else { panic!("{manifest:?}") };
    annotation.detail.unwrap()
}

#[test]
fn a_self_contained_fragment_stays_byte_for_byte() {
    for fragment in [
        "<a xmlns='urn:x'><b c = \"1\"  /><!-- c --><?pi x?><![CDATA[<]]>&amp;&#65; </a>",
        "<a xmlns=\"urn:x\"/>",
        "<x:a xmlns:x='urn:x' x:b='1' xml:lang='de'><x:c/></x:a>",
        "<a xmlns='urn:x'><b xmlns=''><c/></b></a>",
    ] {
        assert_eq!(inside("xmlns:unused='urn:u'", fragment).as_str(), fragment);
        assert_eq!(fragment.parse::<RawXml>().unwrap().as_str(), fragment);
    }
}

#[test]
fn declarations_from_further_out_come_along() {
    let taken = inside("xmlns:x='urn:x' xmlns:y='urn:y'", "<x:a y:b='1'><c/></x:a>");
    let needs =
        format!("<x:a xmlns=\"{OCP}\" xmlns:x=\"urn:x\" xmlns:y=\"urn:y\" y:b='1'><c/></x:a>");
    assert_eq!(taken.as_str(), needs);
    assert_eq!((taken.namespace(), taken.name()), ("urn:x", "a"));
    let quoted = inside("xmlns:x='\"'", "<x:a/>");
    assert_eq!(quoted.as_str(), "<x:a xmlns:x='\"'/>");
}

#[test]
fn a_fragment_does_not_fall_into_the_namespace_around_it() {
    let bare: RawXml = "<x:a xmlns:x='urn:x'><b/></x:a>".parse().unwrap();
    assert_eq!(bare.as_str(), "<x:a xmlns=\"\" xmlns:x='urn:x'><b/></x:a>");
    assert_eq!(inside("", bare.as_str()), bare);
}

#[test]
fn what_is_no_single_element_of_a_namespace_is_refused() {
    for text in [
        "",
        "text",
        "<a/>",
        "<a xmlns='urn:x'/><a xmlns='urn:x'/>",
        "<a xmlns='urn:x'>",
        "<!DOCTYPE a><a xmlns='urn:x'/>",
        "<a xmlns='urn:x' y:b=''/>",
        "<a xmlns='urn:x' b='' b=''/>",
        "<a xmlns='urn:x'><y:b/></a>",
        "<a xmlns='urn:x'>&b;</a>",
        "<a xmlns='urn:x' b='&b;'/>",
    ] {
        assert!(text.parse::<RawXml>().is_err(), "{text}");
    }
}

#[test]
fn what_is_wrong_with_a_fragment_is_said_as_it_is() {
    let error = |text: &str| text.parse::<RawXml>().unwrap_err().to_string();
    let bare = error("<checklist max='1'/>");
    assert!(bare.contains("`checklist` has no namespace; give it one of your own"), "{bare}");
    let torn = error("<a><b></a>");
    assert!(torn.contains("not well-formed"), "{torn}");
}
