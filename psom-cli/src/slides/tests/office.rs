//! Conversion with LibreOffice, which is replaced by a script.

use std::{fs, path::Path, process::Command, time::Duration};

use tempfile::TempDir;

use super::{converted, file, pdf_file::*, pptx_file::*, refused, small};
use crate::slides::ConvertOptions;

/// A directory with a program `soffice` that is this script. `$out` is the directory for the PDF,
/// `$in` the presentation, `$all` all arguments, `$here` the directory itself.
fn office(script: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("soffice");
    let script = format!(
        "#!/bin/sh\nhere='{}'\nall=\"$*\"\n\
         while [ $# -gt 1 ]; do [ \"$1\" = --outdir ] && out=$2; shift; done\nin=$1\n{script}\n",
        directory.path().display()
    );
    // Another process writes the script. If this one had it open while another test forks, the child
    // would keep it open, and a file that is open for writing cannot be run.
    let write = "printf %s \"$2\" > \"$1\" && chmod +x \"$1\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", write, "sh"]).arg(&program).arg(script);
    assert!(shell.status().unwrap().success());
    directory
}

/// A script that makes a PDF with a number of pages of any file. It keeps the file as `seen`, and its
/// arguments in `all`.
fn converter(pages: usize) -> TempDir {
    let office = office(
        "echo \"$all\" > \"$here/all\"; cp \"$in\" \"$here/seen\"; \
         cp \"$here/pages\" \"$out/Plan.pdf\"",
    );
    let pages: Vec<Page> = (1..=pages).map(Page::numbered).collect();
    fs::write(office.path().join("pages"), pdf(&pages)).unwrap();
    office
}

fn with(directory: &Path) -> ConvertOptions {
    ConvertOptions { search_path: directory.into(), ..small() }
}

fn three_slides() -> Vec<u8> {
    let text = |text| body(&paragraph(text));
    let pptx = Pptx::new().slide(1, "", Some(&text("one"))).slide(2, "", None);
    pptx.slide(3, "", Some(&text("three"))).bytes()
}

#[test]
fn a_pptx_becomes_slides_with_notes() {
    let (_directory, path) = file("Plan.pptx", &three_slides());
    let office = converter(3);
    let deck = converted(&path, &with(office.path()));
    let notes: Vec<&str> = deck.slides.iter().map(|slide| slide.notes.as_str()).collect();
    assert_eq!(notes, ["one", "", "three"]);
    assert!(deck.remarks.is_empty());
    let all = fs::read_to_string(office.path().join("all")).unwrap();
    assert!(all.starts_with("--headless "), "{all}");
    assert!(all.contains(" -env:UserInstallation=file:///"), "{all}");
    assert!(all.contains(" --convert-to pdf:impress_pdf_Export --outdir /"), "{all}");
    assert!(all.ends_with(&format!(" {}\n", path.display())), "{all}");
}

#[test]
fn a_pptx_with_an_unusual_archive_is_copied_for_libreoffice() {
    let office = converter(3);
    let intact = three_slides();
    let names = |bytes: &[u8]| -> Vec<String> {
        let archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        archive.file_names().map(|name| name.unwrap().into_owned()).collect()
    };
    let renamed = |rename: fn(&str) -> String| {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&intact)).unwrap();
        let mut parts = Vec::new();
        for index in 0..archive.len() {
            let mut part = archive.by_index(index).unwrap();
            let name = rename(&part.name().unwrap());
            parts.push((name, std::io::read_to_string(&mut part).unwrap()));
        }
        zip(&parts)
    };
    let mut commented = intact.clone();
    let len = commented.len();
    commented[len - 2..].copy_from_slice(&u16::MAX.to_le_bytes());
    commented.resize(len + usize::from(u16::MAX), b'c');
    for (bytes, is_copied) in [
        (intact.clone(), false),
        (renamed(|name| name.replace('/', "\\")), true),
        (renamed(|name| format!("/{name}")), true),
        ([b"#!/bin/sh\n", &intact[..]].concat(), true),
        ([&intact[..], &[0; 100]].concat(), true),
        (commented, true),
    ] {
        let (_directory, path) = file("Plan.pptx", &bytes);
        let deck = converted(&path, &with(office.path()));
        let notes: Vec<&str> = deck.slides.iter().map(|slide| slide.notes.as_str()).collect();
        assert_eq!(notes, ["one", "", "three"]);
        assert!(deck.remarks.is_empty(), "{:?}", deck.remarks);
        let seen = fs::read(office.path().join("seen")).unwrap();
        assert!(seen.starts_with(b"PK\x03\x04") && seen.ends_with(&[0, 0]));
        assert_eq!(names(&seen), names(&intact));
        let all = fs::read_to_string(office.path().join("all")).unwrap();
        assert_eq!(!all.ends_with(&format!(" {}\n", path.display())), is_copied, "{all}");
    }
}

/// The smallest PPTX that LibreOffice reads, with a part of the archive's name instead of each slash.
fn one_slide(slash: &str) -> Vec<u8> {
    const FORMATS: &str = "http://schemas.openxmlformats.org";
    let relationship = |kind: &str, target: &str| {
        format!(
            "<Relationships xmlns='{FORMATS}/package/2006/relationships'><Relationship Id='rId1' \
             Type='{FORMATS}/officeDocument/2006/relationships/{kind}' Target='{target}'/>\
             </Relationships>"
        )
    };
    let types = "application/vnd.openxmlformats-";
    let main = format!("xmlns:p='{FORMATS}/presentationml/2006/main'");
    let parts = [
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns='{FORMATS}/package/2006/content-types'><Default Extension='rels' \
                 ContentType='{types}package.relationships+xml'/>\
                 <Override PartName='/ppt/presentation.xml' ContentType='{types}officedocument.\
                 presentationml.presentation.main+xml'/><Override PartName='/ppt/slides/slide1.xml' \
                 ContentType='{types}officedocument.presentationml.slide+xml'/></Types>"
            ),
        ),
        ("_rels/.rels", relationship("officeDocument", "/ppt/presentation.xml")),
        (
            "ppt/presentation.xml",
            format!(
                "<p:presentation {main} xmlns:r='{FORMATS}/officeDocument/2006/relationships'>\
                 <p:sldIdLst><p:sldId id='256' r:id='rId1'/></p:sldIdLst>\
                 <p:sldSz cx='9144000' cy='5143500'/><p:notesSz cx='6858000' cy='9144000'/>\
                 </p:presentation>"
            ),
        ),
        ("ppt/_rels/presentation.xml.rels", relationship("slide", "slides/slide1.xml")),
        (
            "ppt/slides/slide1.xml",
            format!(
                "<p:sld {main}><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id='1' name=''/>\
                 <p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/></p:spTree></p:cSld></p:sld>"
            ),
        ),
    ];
    zip(&parts.map(|(name, text)| (name.replace('/', slash), text)))
}

#[test]
fn installed_libreoffice_reads_the_copy_of_an_unusual_archive() {
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    if crate::slides::office::find(&search_path).is_none() {
        eprintln!("skipped: LibreOffice missing");
        return;
    }
    let bytes = [b"#!/bin/sh\n", &one_slide("\\")[..], b"more"].concat();
    let (_directory, path) = file("Plan.pptm", &bytes);
    let deck = converted(&path, &ConvertOptions { search_path, ..small() });
    assert_eq!(deck.slides.len(), 1);
    assert!(deck.remarks.is_empty(), "{:?}", deck.remarks);
}

#[test]
fn notes_that_match_no_slides_are_left_out_with_a_remark() {
    let (_directory, path) = file("Plan.pptx", &three_slides());
    let deck = converted(&path, &with(converter(2).path()));
    assert!(deck.slides.iter().all(|slide| slide.notes.is_empty()));
    let [remark] = &deck.remarks[..] else { panic!("{:?}", deck.remarks) };
    assert!(remark.contains("Plan.pptx has 3 slides to show, and LibreOffice made 2"), "{remark}");
}

#[test]
fn a_ppt_and_an_odp_become_slides() {
    let office = converter(2);
    let compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...";
    for (name, bytes) in [("Plan.ppt", &compound[..]), ("Plan.ODP", b"PK\x03\x04...")] {
        let (_directory, path) = file(name, bytes);
        assert_eq!(converted(&path, &with(office.path())).slides.len(), 2);
    }
}

#[test]
fn a_missing_libreoffice_is_reported() {
    let empty = tempfile::tempdir().unwrap();
    let (_directory, path) = file("Plan.pptx", &three_slides());
    for options in [small(), with(empty.path()), with(Path::new("relative"))] {
        let why = refused(&path, &options);
        for word in ["Plan.pptx needs LibreOffice", "apt install libreoffice-impress", "a PDF"] {
            assert!(why.contains(word), "{why}");
        }
    }
}

#[test]
fn a_file_that_is_not_a_presentation_is_rejected() {
    let office = office("touch \"$here/ran\"");
    let compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...";
    for (name, bytes, sentence) in [
        ("Plan.pptx", &b"a text"[..], "is not a presentation, or it is damaged"),
        ("Plan.odp", b"", "is not a presentation, or it is damaged"),
        ("Plan.pptx", compound, "is protected by a password; save it without one"),
        ("Plan.pptx", b"PK\x03\x04...", "is not an intact PPTX"),
    ] {
        let (_directory, path) = file(name, bytes);
        let why = refused(&path, &with(office.path()));
        assert!(why.contains(sentence), "{why}");
    }
    assert!(!office.path().join("ran").exists());
}

#[test]
fn messages_of_libreoffice_are_shown() {
    let (_directory, path) = file("Plan.pptx", &three_slides());
    let silent = office("exit 3");
    let why = refused(&path, &with(silent.path()));
    assert!(why.contains("cannot convert") && why.contains("3"), "{why}");
    let office =
        office("echo 'Error: source file could not be loaded' >&2; echo 'Warning: no Java' >&2");
    let why = refused(&path, &with(office.path()));
    assert!(why.contains("(Error: source file could not be loaded); export a PDF"), "{why}");
}

#[test]
fn errors_name_the_presentation_not_the_pdf() {
    let (_directory, path) = file("Plan.pptx", &three_slides());
    let office = office("echo garbage > \"$out/x.pdf\"");
    let why = refused(&path, &with(office.path()));
    assert!(why.contains("Plan.pptx") && !why.contains("x.pdf"), "{why}");
}

#[test]
fn a_conversion_is_ended_after_the_timeout() {
    let (_directory, path) = file("Plan.pptx", &three_slides());
    let office = office("exec sleep 600");
    let options = ConvertOptions { office_timeout: Duration::ZERO, ..with(office.path()) };
    let why = refused(&path, &options);
    assert!(why.contains("did not finish") && why.contains("export a PDF"), "{why}");
}
