//! Valid manifests and locations: parsing, writing and parsing again.

use crate::{package::*, types::ContentVisibility};

use super::{SAMPLE, sample};

fn round_trip(manifest: impl Into<Manifest>) {
    let manifest = manifest.into();
    let xml = manifest.to_xml().unwrap();
    assert_eq!(Manifest::parse(&xml).unwrap(), manifest, "{xml}");
}

fn content(detail: ContentDetail) -> CreateContent {
    CreateContent::new("A title", detail)
}

#[test]
fn sample_of_the_specification_is_read() {
    assert_eq!(Manifest::parse(SAMPLE).unwrap(), sample());
    assert_eq!(sample().files(), ["native.file"]);
}

#[test]
fn written_manifest_is_the_sample_without_white_space() {
    let compact: String = SAMPLE.lines().map(str::trim_start).collect();
    let head = r#"<?xml version="1.0" encoding="utf-8"?>"#;
    assert_eq!(sample().to_xml().unwrap(), format!("{head}{compact}"));
}

#[test]
fn bytes_are_read_in_both_encodings_of_xml() {
    let utf16 = |bom: u16, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        [bom].into_iter().chain(SAMPLE.encode_utf16()).flat_map(bytes).collect()
    };
    let declared = format!("\u{feff}<?xml version='1.0' encoding='UTF-8' ?>\n{SAMPLE}");
    for bytes in [
        SAMPLE.as_bytes().to_vec(),
        declared.into_bytes(),
        utf16(0xfeff, u16::to_le_bytes),
        utf16(0xfeff, u16::to_be_bytes),
    ] {
        assert_eq!(Manifest::parse_bytes(&bytes).unwrap(), sample());
    }
    let latin1 = "<?xml version='1.0' encoding='iso-8859-1'?><ocp/>";
    assert!(matches!(Manifest::parse(latin1), Err(ManifestError::Encoding { .. })));
    assert!(matches!(Manifest::parse_bytes(b"<\xff>"), Err(ManifestError::Encoding { .. })));
}

#[test]
fn every_common_property_is_read_back() {
    for visibility in ContentVisibility::ALL {
        let mut manifest = content(ContentDetail::Whiteboard);
        manifest.upgrade = Some(Upgrade { content_id: Some(i64::MIN) });
        manifest.common = Common {
            title: "  <&>\"'\r\n\t]]> 日本 \u{1f600} ".to_owned(),
            native_file: Some("Ryan’s & Fun.jpg".to_owned()),
            visibility: Some(visibility),
            presented: Some(true),
            original_file_url: Some("https://example.com/?a=1&b=2".to_owned()),
        };
        round_trip(manifest);
    }
    let mut manifest = content(ContentDetail::Qna);
    manifest.upgrade = Some(Upgrade::default());
    manifest.common.presented = Some(false);
    round_trip(manifest);
}

#[test]
fn every_detail_is_read_back() {
    let notes = SharedNotesDetail {
        notes_url: Some("https://example.com/notes".to_owned()),
        notes_id: Some("id".to_owned()),
        notebook_title: Some("Book".to_owned()),
        section_title: Some(String::new()),
        page_title: Some("Page".to_owned()),
    };
    let poll = PollDetail {
        question: "Lunch?".to_owned(),
        choices: vec!["Yes".to_owned(), String::new(), "No <b>".to_owned()],
        remember_past_users: true,
        customization_xml: "<custom a=\"1\"/>".to_owned(),
    };
    let xml = "<q:quiz xmlns:q='urn:quiz' level='2'><q:a/>text</q:quiz>".parse().unwrap();
    for detail in [
        ContentDetail::Whiteboard,
        ContentDetail::NativeFileOnly,
        ContentDetail::Qna,
        ContentDetail::Poll(poll),
        ContentDetail::SharedNotes(notes),
        ContentDetail::SharedNotes(SharedNotesDetail::default()),
        ContentDetail::Ppt(ChunkedPpt::default()),
        ContentDetail::Ppt(presentation()),
        ContentDetail::PptWac(presentation()),
        ContentDetail::Other(OtherContent {
            content_type: "Example.Quiz".to_owned(),
            xml: Some(xml),
        }),
        ContentDetail::Other(OtherContent { content_type: "Example.Bare".to_owned(), xml: None }),
    ] {
        round_trip(content(detail));
    }
}

/// Returns a presentation with a resource in each format.
fn presentation() -> ChunkedPpt {
    let file = |name: &str| Some(name.to_owned());
    let forms = [
        PptResource::Thumbnails(ThumbnailPackage {
            file: "thumbs.zip".to_owned(),
            slides: vec![
                ThumbnailSlide { slide: Some(0), file: file("slides/1.png") },
                ThumbnailSlide::default(),
            ],
        }),
        PptResource::Notes(NotesPackage {
            file: file("notes.zip"),
            slides: vec![NotesSlide { slide: Some(1), file: file("1.xml") }],
        }),
        PptResource::Notes(NotesPackage {
            file: None,
            slides: vec![NotesSlide { slide: None, file: file("loose.xml") }],
        }),
        PptResource::DhtmlMarkup(vec![
            MarkupSlide {
                slide: Some(3),
                clicks: Some(i32::MAX as u32),
                file: file("markup.zip"),
                resources: vec![file("shared.png"), None],
            },
            MarkupSlide::default(),
        ]),
        PptResource::DhtmlResources(vec![file("script.js"), None]),
        PptResource::Jpegs(vec![JpegSlide { slide: Some(2), file: file("2.jpg") }]),
        PptResource::PartialPpt { file: file("part.ppt"), slides: vec![1, 2, 3] },
        PptResource::FullPpt { file: file("full.ppt"), use_as_native_file: Some(true) },
        PptResource::FullPpt { file: None, use_as_native_file: None },
        PptResource::NativeFile("native.pptx".to_owned()),
    ];
    ChunkedPpt {
        slides: Some(12),
        preview_thumbnail_file: file("preview.png"),
        resources: forms
            .into_iter()
            .zip(-1..)
            .map(|(resource, id)| PptContentResource {
                resource_id: (id >= 0).then_some(id),
                resource,
            })
            .collect(),
    }
}

#[test]
fn files_of_a_presentation_are_those_at_the_root() {
    let manifest =
        Manifest::from(content(ContentDetail::Ppt(presentation())).with_native_file("FULL.ppt"));
    assert_eq!(
        manifest.files(),
        [
            "FULL.ppt",
            "preview.png",
            "thumbs.zip",
            "notes.zip",
            "loose.xml",
            "markup.zip",
            "script.js",
            "2.jpg",
            "part.ppt",
            "native.pptx",
        ]
    );
    for (name, allowed) in [("full.ppt", true), ("1.xml", true), ("shared.png", true)]
        .into_iter()
        .chain([("slides/1.png", true), ("other", false)])
    {
        assert_eq!(manifest.allows(name), allowed, "{name}");
    }
}

#[test]
fn annotations_and_resources_are_read_back() {
    let xml: RawXml =
        r#"<image xmlns="urn:x" file="a b.png"><part> c.png </part></image>"#.parse().unwrap();
    for detail in [None, Some(xml.clone())] {
        round_trip(Manifest::CreateAnnotation(CreateAnnotation {
            parent_id: "7".to_owned(),
            detail,
        }));
    }
    for detail in [
        None,
        Some(ResourceDetail::Resources(presentation().resources)),
        Some(ResourceDetail::Other(xml.clone())),
    ] {
        round_trip(Manifest::CreatePptContentResource(CreatePptContentResource {
            content_id: -1,
            detail,
        }));
    }
    let manifest = Manifest::CreateAnnotation(CreateAnnotation {
        parent_id: String::new(),
        detail: Some(xml),
    });
    assert!(manifest.files().is_empty());
    assert!(manifest.allows("A B.png") && manifest.allows("c.png") && !manifest.allows("d.png"));
}

#[test]
fn prefixes_comments_and_schema_hints_are_accepted() {
    let wrap = |detail: &str| {
        format!(
            "<!-- c --><o:ocp xmlns:o='http://schemas.microsoft.com/2008/12/ocp' \
             xmlns:d='http://schemas.microsoft.com/2008/12/ocp-content-detail' \
             xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='a b'>\
             <?pi?><o:createContent><o:common><o:title>&#x54;<!-- c --><![CDATA[<&]]></o:title>\
             <o:presented> 1 </o:presented></o:common>{detail}</o:createContent></o:ocp><!-- c -->"
        )
    };
    let parse = |detail: &str| match Manifest::parse(&wrap(detail)).unwrap() {
        Manifest::CreateContent(content) => content,
        other => panic!("{other:?}"),
    };
    let typed = parse("<o:contentDetail><d:qnaContent></d:qnaContent></o:contentDetail>");
    assert_eq!(typed.detail, ContentDetail::Qna);
    assert_eq!(typed.common.title, "T<&");
    assert_eq!(typed.common.presented, Some(true));
    for (content_type, detail) in [
        ("Content.Whiteboard", ContentDetail::Whiteboard),
        ("Content.Ppt", ContentDetail::Ppt(ChunkedPpt::default())),
        ("Content.SharedNotes", ContentDetail::SharedNotes(SharedNotesDetail::default())),
    ] {
        let bare = format!("<o:contentDetail type='{content_type}'/>");
        assert_eq!(parse(&bare).detail, detail);
    }
}

#[test]
fn locations_are_read_back() {
    let head = r#"<?xml version="1.0" encoding="utf-8"?>"#;
    let plain = r#"<PptLocation xmlns="http://schemas.microsoft.com/2008/08/datamcu-content">"#
        .to_owned()
        + "<SlideNumber>3</SlideNumber><Click>1</Click></PptLocation>";
    assert_eq!(Location::parse(&plain).unwrap(), Location::new(3, 1));
    assert_eq!(Location::new(3, 1).to_xml().unwrap(), format!("{head}{plain}"));

    let xml = [
        r#"<l:PptLocation xmlns:l="http://schemas.microsoft.com/2008/08/datamcu-content" "#,
        r#"xmlns:x="urn:x" x:a="&quot;1&#10;" xml:lang="de"><l:SlideNumber>0</l:SlideNumber>"#,
        r#"<l:Click>0</l:Click><x:zoom by="2"/><x:pan/></l:PptLocation>"#,
    ];
    let location = Location::parse(&xml.concat()).unwrap();
    assert_eq!(location.attributes[0].value, "\"1\n");
    assert_eq!(location.attributes[1].name, "lang");
    assert_eq!(location.extensions[0].as_str(), r#"<x:zoom xmlns:x="urn:x" by="2"/>"#);
    assert_eq!(Location::parse(&location.to_xml().unwrap()).unwrap(), location);
}
