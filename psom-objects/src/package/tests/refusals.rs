//! Rejected manifests and locations. For each rule there is a document that violates it.

use crate::package::*;

use super::SAMPLE;

const OCP: &str = "http://schemas.microsoft.com/2008/12/ocp";
const DETAIL: &str = "http://schemas.microsoft.com/2008/12/ocp-content-detail";

#[track_caller]
fn refused(xml: &str, message: &str) {
    match Manifest::parse(xml) {
        Err(error) => {
            let shown = error.to_string();
            assert!(shown.contains(message), "`{shown}` lacks `{message}`");
        }
        Ok(manifest) => panic!("read as {manifest:?}"),
    }
}

/// Returns the sample with one part replaced.
#[track_caller]
fn edited(old: &str, new: &str) -> String {
    assert!(SAMPLE.contains(old), "{old}");
    SAMPLE.replacen(old, new, 1)
}

/// Returns a manifest with this `contentDetail`.
fn with_detail(attributes: &str, detail: &str) -> String {
    format!(
        "<ocp xmlns='{OCP}' xmlns:d='{DETAIL}'><createContent><common><title/></common>\
         <contentDetail {attributes}>{detail}</contentDetail></createContent></ocp>"
    )
}

/// Returns a presentation with one resource in this format.
fn with_resource(form: &str) -> String {
    let resources = format!(
        "<d:pptContentResources><d:pptContentResource>{form}</d:pptContentResource>\
         </d:pptContentResources>"
    );
    let detail = format!("<d:chunkedPptContent>{resources}</d:chunkedPptContent>");
    with_detail("type='Content.Ppt'", &detail)
}

#[test]
fn elements_in_another_order_or_number_are_rejected() {
    let title = "<title>Ryan’s Fun Day.jpg</title>";
    let file = "<nativeFile>native.file</nativeFile>";
    refused(
        &edited(title, ""),
        "ocp/createContent/common has the element `nativeFile`, but the schema requires title",
    );
    refused(&edited(title, file), "the schema requires title");
    refused(
        &edited(file, &format!("{file}{file}")),
        "`nativeFile`, but the schema requires the end",
    );
    refused(
        &edited(file, "<presented>1</presented><visibility>Everyone</visibility>"),
        "visibility",
    );
    refused(&edited(file, "<externalId>1</externalId>"), "`externalId`");
    refused(&edited("<createContent>", "<createContent><upgrade>x</upgrade>"), "text between");
    refused(&edited("<createContent>", "<createContent><upgrade id='1'/>"), "attribute `id`");
    refused(&edited("<title>", "<title lang='de'>"), "attribute `lang`");
    refused(&edited("Ryan’s", "<b>Ryan’s</b>"), "`b`, but the schema requires text");
    refused(&edited("<common>", "<common>text"), "text between its elements");
    refused(&edited("<common>", "<common>&#32;"), "text between its elements");
    refused(&edited("</ocp>", "</ocp><ocp/>"), "something follows");
    refused(&edited("</ocp>", "</ocp>text"), "something follows");
    refused(&format!("<ocp xmlns='{OCP}'/>"), "ocp ends without its element createContent");
    refused(&format!("<ocp xmlns='{OCP}'><createPoll/></ocp>"), "`createPoll`");
    let annotation = "<createAnnotation><creationProperties/></createAnnotation>";
    refused(&format!("<ocp xmlns='{OCP}'>{annotation}</ocp>"), "without its element parentId");
    let resource = "<createPptContentResource><contentId/></createPptContentResource>";
    refused(&format!("<ocp xmlns='{OCP}'>{resource}</ocp>"), "contentId is ``, not an integer");
}

#[test]
fn elements_of_other_namespaces_are_rejected() {
    refused("<ocp><createContent/></ocp>", "the root element is `ocp` in the namespace ``");
    refused(&edited(OCP, "urn:other"), "namespace `urn:other`");
    refused(&edited(DETAIL, OCP), "cannot have the detail");
    refused(&edited("<common>", "<common xmlns=''>"), "`common` in the namespace ``, not in");
    refused(&edited("<common>", "<o:common>"), "`common` in the namespace ``, not in");
    refused(&with_detail("d:type='Content.Qna'", ""), "attribute `d:type`");
    refused(&with_detail("type='x'", "<q:a/>"), "prefix `q` is not declared");
    refused(&with_detail("type='x'", "<title/>"), "an element of another namespace");
    refused(&with_detail("type='x'", "<a xmlns=''/>"), "the element `a` has no namespace");
}

#[test]
fn values_of_other_types_are_rejected() {
    let file = "<nativeFile>native.file</nativeFile>";
    refused(&edited(file, "<visibility>Nobody</visibility>"), "common/visibility is `Nobody`");
    refused(&edited(file, "<presented>yes</presented>"), "common/presented is `yes`");
    refused(&edited("<createContent>", "<createContent><upgrade contentId='x'/>"), "/@contentId");
    refused(&edited(">empty<", ">full<"), "nativeFileOnlyType is `full`, not `empty`");
    refused(&with_detail("", ""), "has no type");
    refused(&with_detail("", "<x xmlns='urn:x'/>"), "has no type");
    refused(&with_detail("type=''", ""), "the name of a content type");
    refused(&with_detail("type='a b'", ""), "the name of a content type");
    let wrong = "<d:whiteboardContent/>";
    refused(
        &with_detail("type='Content.Poll'", wrong),
        "cannot have the detail `whiteboardContent`",
    );
    refused(&with_detail("type='Content.Poll'", ""), "ends without its element pollContent");
    refused(&with_detail("type='Content.Poll'", "<x xmlns='urn:x'/>"), "detail `x`");
    let poll = "<d:pollContent><d:question/><d:choices/></d:pollContent>";
    refused(&with_detail("type='Content.Poll'", poll), "choices ends without its element choice");
    let slides = "<d:chunkedPptContent><d:numSlides>-1</d:numSlides></d:chunkedPptContent>";
    refused(&with_detail("type='Content.Ppt'", slides), "numSlides is `-1`");
    for form in [
        "",
        "<d:other/>",
        "<d:pptThumbnailPackage/>",
        "<d:pptJpegPackage/>",
        "<d:pptDhtmlMarkupPackage/>",
        "<d:pptDhtmlResourcesPackage/>",
        "<d:pptNotesPackage/>",
        "<d:partialPptFile partialPptFile='a'/>",
        "<d:nativeFile>a</d:nativeFile><d:nativeFile/>",
        "<d:fullPptFile useAsNativeFileAlso='2'/>",
    ] {
        assert!(Manifest::parse(&with_resource(form)).is_err(), "{form}");
    }
}

#[test]
fn file_names_with_paths_are_rejected() {
    for name in ["", "a/b", "..", "C:\\x", "OcpManifest.xml", "_rels", "%2e%2e%2fx"] {
        refused(&edited("native.file", name), "common/nativeFile names the file");
        let form = format!("<d:fullPptFile fullPptFile='{name}'/>");
        refused(&with_resource(&form), "/@fullPptFile names the file");
    }
}

#[test]
fn document_types_and_entities_are_rejected() {
    let bomb = format!("<!DOCTYPE ocp [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>{SAMPLE}");
    refused(&bomb, "document type declaration");
    refused(&edited("<common>", "<!DOCTYPE x><common>"), "document type declaration");
    refused(&edited("Ryan’s", "&b;"), "`&b;` is not defined");
    refused(&edited("Ryan’s", "&#0;"), "`&#0;` is no character");
    refused(&edited("Ryan’s", "&#xfffe;"), "`&#xfffe;` is no character");
    refused(&edited("Ryan’s", "\u{1}"), "a character that XML does not allow");
    refused(&with_detail("type='&b;'", ""), "not well-formed");
    refused(&with_detail("type='x'", "<x xmlns='urn:x'>&b;</x>"), "`&b;` is not defined");
    refused(&with_detail("type='a' type='b'", ""), "an attribute twice");
    let many: String = (0..65).map(|i| format!("a{i}='' ")).collect();
    refused(&with_detail(&many, ""), "more than 64 attributes");
    refused(&edited("</title>", "</titel>"), "not well-formed");
    for broken in ["<a b='1'c='2'/>", "<a&b/>", "<a:b:c/>", "<1/>", "<a>]]></a>", "<a b&='1'/>"] {
        let broken = broken.replacen("<a", "<a xmlns='urn:x' xmlns:a='urn:a'", 1);
        let broken = broken.replace("xmlns:a='urn:a'&b", "xmlns:a='urn:a' &b");
        refused(&with_detail("type='x'", &broken), "not well-formed");
    }
    refused("", "no root element");
    refused("<!-- only -->", "no root element");
    refused(&SAMPLE[..SAMPLE.len() - 8], "it ends inside an element");
    refused(&edited("<ocp", " <?xml version='1.0'?><ocp"), "only at the start");
    refused(&format!("<?xml version='1.1'?>{SAMPLE}"), "only XML 1.0");
}

#[test]
fn depth_and_size_are_bounded() {
    let deep = |levels: usize| {
        let inner = format!("{}{}", "<x>".repeat(levels), "</x>".repeat(levels));
        with_detail("type='x'", &format!("<x xmlns='urn:x'>{inner}</x>"))
    };
    assert!(Manifest::parse(&deep(28)).is_ok());
    refused(&deep(29), "nest more than 32 deep");
    refused(&deep(100_000), "nest more than 32 deep");
    let long = edited("Ryan’s", &"x".repeat(Manifest::MAX_BYTES));
    refused(&long, "at most 1048576");
    assert!(matches!(Manifest::parse_bytes(long.as_bytes()), Err(ManifestError::TooLarge { .. })));
    // Many comments and blanks cause neither recursion nor quadratic time.
    let many = edited("<common>", &format!("<common>{}", " <!---->".repeat(100_000)));
    assert!(Manifest::parse(&many).is_ok());
    let error = Manifest::parse(&with_detail("type='x'", &"<y/>".repeat(9))).unwrap_err();
    assert!(error.to_string().len() < 200);
}

#[test]
fn values_without_a_document_cannot_be_written() {
    let other =
        |content_type: &str| OtherContent { content_type: content_type.to_owned(), xml: None };
    for manifest in [
        CreateContent::new("\0", ContentDetail::Qna),
        CreateContent::new("x", ContentDetail::Poll(PollDetail::default())),
        CreateContent::new("x", ContentDetail::Qna).with_native_file("../x"),
        CreateContent::new("x", ContentDetail::Other(other("Content.Qna"))),
        CreateContent::new("x", ContentDetail::Other(other("two words"))),
        CreateContent::new("x".repeat(Manifest::MAX_BYTES), ContentDetail::Qna),
    ] {
        assert!(Manifest::from(manifest).to_xml().is_err());
    }
    assert!(Location::new(u32::MAX, 0).to_xml().is_err());
}

#[test]
fn invalid_locations_are_rejected() {
    let location = |inner: &str| {
        format!(
            "<PptLocation xmlns='http://schemas.microsoft.com/2008/08/datamcu-content' {inner}\
             </PptLocation>"
        )
    };
    let good = "><SlideNumber>1</SlideNumber><Click>2</Click>";
    assert_eq!(Location::parse(&location(good)), Ok(Location::new(1, 2)));
    for inner in [
        ">",
        "><SlideNumber>1</SlideNumber>",
        "><Click>2</Click><SlideNumber>1</SlideNumber>",
        "><SlideNumber>-1</SlideNumber><Click>2</Click>",
        "><SlideNumber>1</SlideNumber><Click>2</Click><Click>2</Click>",
        "><SlideNumber>1</SlideNumber><Click>2</Click><x xmlns=''/>",
        "><SlideNumber>1</SlideNumber><Click>2</Click>text",
        "a='1'><SlideNumber>1</SlideNumber><Click>2</Click>",
        "xmlns:a='u' xmlns:b='u' a:x='' b:x=''><SlideNumber>1</SlideNumber><Click>2</Click>",
    ] {
        assert!(Location::parse(&location(inner)).is_err(), "{inner}");
    }
    assert!(Location::parse(INITIAL_LOCATION).is_err());
    // A long namespace that many elements use would need much memory.
    let many = format!(
        "xmlns:a='{}'><SlideNumber>1</SlideNumber><Click>2</Click>{}",
        "u".repeat(30_000),
        "<a:x/>".repeat(5_000)
    );
    assert!(matches!(Location::parse(&location(&many)), Err(ManifestError::TooLarge { .. })));
}
