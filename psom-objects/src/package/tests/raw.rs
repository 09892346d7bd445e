//! Fragments of third parties. They stay unchanged except for the declarations that they need.

use crate::package::*;

const OCP: &str = "http://schemas.microsoft.com/2008/12/ocp";

/// Reads a fragment from a manifest whose outer elements have declarations.
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
fn self_contained_fragment_is_unchanged() {
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
fn outer_declarations_are_added_to_the_fragment() {
    let taken = inside("xmlns:x='urn:x' xmlns:y='urn:y'", "<x:a y:b='1'><c/></x:a>");
    let needs =
        format!("<x:a xmlns=\"{OCP}\" xmlns:x=\"urn:x\" xmlns:y=\"urn:y\" y:b='1'><c/></x:a>");
    assert_eq!(taken.as_str(), needs);
    assert_eq!((taken.namespace(), taken.name()), ("urn:x", "a"));
    let quoted = inside("xmlns:x='\"'", "<x:a/>");
    assert_eq!(quoted.as_str(), "<x:a xmlns:x='\"'/>");
}

#[test]
fn fragment_keeps_its_default_namespace() {
    let bare: RawXml = "<x:a xmlns:x='urn:x'><b/></x:a>".parse().unwrap();
    assert_eq!(bare.as_str(), "<x:a xmlns=\"\" xmlns:x='urn:x'><b/></x:a>");
    assert_eq!(inside("", bare.as_str()), bare);
}

#[test]
fn only_one_element_with_a_namespace_is_a_fragment() {
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
fn fault_of_a_fragment_has_its_own_error() {
    let error = |text: &str| text.parse::<RawXml>().unwrap_err().to_string();
    let bare = error("<checklist max='1'/>");
    assert!(bare.contains("`checklist` has no namespace; give it one of your own"), "{bare}");
    let torn = error("<a><b></a>");
    assert!(torn.contains("not well-formed"), "{torn}");
}
