//! The first inputs of the fuzz targets: the vectors and captures of the tests, and small valid inputs.

use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

use psom::testing::hex;
use psom_objects::package::{ContentDetail, CreateContent, Location, Manifest, PackageWriter};
use psom_render::{Frame, PageRemarks, Picture};
use serde_json::Value;

/// Returns the folder with one folder of found inputs for each target.
pub fn found() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("found")
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the files of a folder of the repository with this extension, in the order of their names.
fn files(folder: &str, extension: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(repository().join(folder)).into_iter().flatten();
    let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|of| of == extension));
    paths.sort();
    paths.iter().filter_map(|path| fs::read(path).ok()).collect()
}

/// Returns the bytes of every text with the key `hex`.
fn vectors() -> Vec<Vec<u8>> {
    fn collect(value: &Value, into: &mut Vec<Vec<u8>>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match value.as_str().filter(|_| key == "hex") {
                        Some(text) => into.push(hex(text)),
                        None => collect(value, into),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| collect(value, into)),
            _ => {}
        }
    }
    let text = fs::read_to_string(repository().join("tests/data/vectors.json")).unwrap_or_default();
    let mut all = Vec::new();
    collect(&serde_json::from_str(&text).unwrap_or_default(), &mut all);
    all
}

fn dumps(folder: &str) -> Vec<Vec<u8>> {
    let texts = files(folder, "hex").into_iter().filter_map(|file| String::from_utf8(file).ok());
    texts.map(|text| hex(&text.split_whitespace().collect::<String>())).collect()
}

fn manifest() -> Manifest {
    let content = CreateContent::new("Plan", ContentDetail::NativeFileOnly);
    Manifest::CreateContent(content.with_native_file("plan.txt"))
}

fn package() -> Option<Vec<u8>> {
    let mut package = PackageWriter::new(Cursor::new(Vec::new()), &manifest()).ok()?;
    package.add_file("plan.txt", &mut &b"hello"[..]).ok()?;
    Some(package.finish().ok()?.into_inner())
}

/// Returns the first inputs of a target.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let text = |text: &str| vec![text.as_bytes().to_vec()];
    match target {
        "package" | "opc" => package().into_iter().collect(),
        "manifest" => manifest().to_xml().into_iter().map(String::into_bytes).collect(),
        "raw_xml" => text("<quiz xmlns=\"urn:example:quiz\" a=\"1\"><level>2</level></quiz>"),
        "location" => Location::new(1, 2).to_xml().into_iter().map(String::into_bytes).collect(),
        "journal_rows" => text(
            "contents\n{\"lastId\":1,\"lastOrder\":0}\ncontent/1\n{\"title\":\"A\",\"owner\":1}\n",
        ),
        "hex_dump" => text("00000000  16 00 00 00 02 01 06  .......\n"),
        "idl" => files("tests/data", "idl"),
        "join_link" => text(
            "psom://127.0.0.1:8057/team?token=0123456789ABCDEF0123456789ABCDEF&ca=AQID&name=psom",
        ),
        "form" => text(
            "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a.txt\"\r\n\r\nfile\r\n--b--",
        ),
        "websocket" => vec![
            vec![0x82, 0x85, 1, 2, 3, 4, 0x69, 0x67, 0x6f, 0x68, 0x6e],
            vec![0x89, 0x80, 1, 2, 3, 4, 0x88, 0x80, 1, 2, 3, 4],
        ],
        "render_frame" => {
            let mut message = Vec::new();
            let picture = Picture { jpeg: vec![1, 2, 3], thumbnail: vec![4] };
            let frame = Frame::Page { remarks: PageRemarks::default() };
            frame.write(Some(&picture), &mut message).ok().map(|()| message).into_iter().collect()
        }
        "svg_import" => text("<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0L9 9'/></svg>"),
        "svg_path" => text("M1 2 l3-4c1,2 3,4 5,6 a5 5 0 0 1 2 3 z"),
        "svg_export" => text("aM0 0L9 9\nm#ff0000\nn2\n\nchello & <you>\nj4,5"),
        "session_negotiation" | "session_server" => {
            let mut all = vectors();
            all.push(crate::session::client_hello().to_vec());
            all
        }
        "session_client" => {
            let mut all = vectors();
            all.push(crate::session::server_hello().to_vec());
            all
        }
        "session_responding_peer" => vec![vec![0, 1, 0x84, 4, 3, 8, 2]],
        target if target.starts_with("comqc") => files("comqc/tests/data", "bin"),
        target if target.starts_with("fsshttpb") => dumps("fsshttpb/tests/data"),
        "cellstorage_requests" => text("<RequestVersion Version=\"2\" MinorVersion=\"0\"/>"),
        _ => vectors(),
    }
}
