//! `psom cell` without a server, and the formats that `psom decode` recognizes.

use std::{fs, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fsshttpb::{
    atom::Guid,
    file::Chunking,
    message::{Operation, PutChanges, QueryChanges, Request, SubRequest},
    object::types::Partition,
    store::{Ids, Store, split},
};

use crate::support::Folder;

const CAPTURES: [&str; 9] = [
    "thread-request-word-online-197",
    "thread-response-word-online-318",
    "thread-request-contents-85",
    "thread-request-metadata-85",
    "thread-request-arguments-88",
    "thread-response-metadata-211",
    "thread-response-error-92",
    "article-request-88",
    "article-request-knowledge-443",
];

fn data(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fsshttpb/tests/data");
    fs::read_to_string(folder.join(name)).unwrap()
}

fn capture(name: &str) -> Vec<u8> {
    let digits: Vec<_> =
        data(&format!("{name}.hex")).chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| ((pair[0] << 4) | pair[1]) as u8).collect()
}

/// Reads files outside the project, from the folder that `FSSHTTPB_DATA` names or from
/// `../shared/data/fsshttpb` beside the repository. If they are absent, prints a line and returns
/// nothing.
fn outside() -> Vec<(String, Vec<u8>)> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/fsshttpb");
    let folder = std::env::var_os("FSSHTTPB_DATA").map_or(beside, Into::into);
    let files = ["cellbridge", "onenote", "word"].map(|name| folder.join(name));
    let files = files.into_iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let files = files.map(|file| file.unwrap().path());
    let files: Vec<_> =
        files.map(|file| (file.display().to_string(), fs::read(&file).unwrap())).collect();
    if files.is_empty() {
        eprintln!("skipped: {} has no files; set FSSHTTPB_DATA to its folder", folder.display());
    }
    files
}

/// A request as XML, with a message in base64.
fn xml(message: &[u8]) -> String {
    let base64 = BASE64_STANDARD.encode(message);
    format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<RequestCollection \
         CorrelationId=\"{{83E78EC0-5BAE-4BC2-9517-E2747382569C}}\"><Request RequestToken=\"1\">\
         <SubRequest Type=\"Cell\"><SubRequestData PartitionID=\"\">{base64}</SubRequestData>\
         </SubRequest></Request></RequestCollection>"
    )
}

/// An MTOM body whose second part is a message.
fn mtom(message: &[u8]) -> Vec<u8> {
    let head = "\r\n--uuid:7\r\nContent-ID: <http://tempuri.org/0>\r\n\
         Content-Type: application/xop+xml;charset=utf-8;type=\"text/xml\"\r\n\r\n\
         <a><xop:Include href=\"cid:1\"/></a>\r\n--uuid:7\r\nContent-ID: <1>\r\n\
         Content-Transfer-Encoding: binary\r\n\r\n";
    [head.as_bytes(), message, b"\r\n--uuid:7--\r\n"].concat()
}

fn request(operation: Operation) -> Vec<u8> {
    Request::with(&[SubRequest::new(1, Partition::CONTENTS, operation)], Guid::NULL, 0).to_bytes()
}

/// The answer of a server to a query for everything that the knowledge does not have.
fn answer(server: &mut Store, query: QueryChanges) -> Vec<u8> {
    let request = request(Operation::QueryChanges(query));
    server.answer(&Request::read(&request).unwrap()).to_bytes()
}

fn edit(before: &[u8], after: &[u8], seed: &[u8]) -> (Vec<u8>, PutChanges) {
    let mut server = Store::from_file(before).unwrap();
    let response = answer(&mut server, QueryChanges::default());
    let mut ids = Ids::from_seed(seed);
    let after = after.to_vec().into();
    (response, server.edit(&after, &mut ids, &Chunking::default()).unwrap())
}

#[test]
fn decode_prints_the_tree_of_each_capture() {
    let folder = Folder::new();
    for name in CAPTURES {
        let tree = data(&format!("{name}.tree"));
        let bytes = capture(name);
        folder.put("message", &bytes);
        folder.put("hex", data(&format!("{name}.hex")));
        folder.put("base64", BASE64_STANDARD.encode(&bytes));
        for file in ["message", "hex"] {
            assert_eq!(folder.ok(&["cell", "decode", file]), tree, "{name}");
            assert_eq!(folder.ok(&["decode", file]), tree, "{name}");
        }
        assert_eq!(folder.ok_with(&["cell", "decode", "-", "--strict"], &bytes), tree);
        let printed = folder.ok(&["decode", "base64"]);
        let lines: Vec<_> = printed.lines().skip(1).map(str::trim_start).collect();
        assert!(lines.iter().copied().eq(tree.lines()), "{printed}");
    }
}

#[test]
fn json_becomes_the_same_bytes() {
    let folder = Folder::new();
    let captures = CAPTURES.map(|name| (name.to_owned(), capture(name)));
    let message = capture("fsshttpd_3_1");
    let bodies = [
        ("xml".to_owned(), xml(&message).into_bytes()),
        ("mtom".to_owned(), mtom(&message)),
        ("base64 on two lines".to_owned(), {
            let text = BASE64_STANDARD.encode(&message);
            format!("{}\r\n{}\r\n", &text[..76], &text[76..]).into_bytes()
        }),
    ];
    for (name, bytes) in captures.into_iter().chain(bodies).chain(outside()) {
        folder.put("file", &bytes);
        let json = folder.ok(&["cell", "decode", "file", "--json"]);
        folder.put("file.json", &json);
        folder.ok(&["cell", "encode", "file.json", "-o", "again", "--force"]);
        assert!(folder.read("again") == bytes, "{name}");
        let output = folder.run(&["cell", "encode", "-", "-o", "-"], json.as_bytes());
        assert!(output.status.success() && output.stdout == bytes, "{name}");
    }
}

#[test]
fn bodies_print_their_elements_and_messages() {
    let folder = Folder::new();
    let message = capture("thread-request-contents-85");
    folder.put("body.xml", xml(&message));
    let printed = folder.ok(&["cell", "decode", "body.xml", "--strict"]);
    let lines: Vec<_> = printed.lines().collect();
    assert!(
        lines[0].starts_with("00002b RequestCollection CorrelationId=\"{83E78EC0"),
        "{printed}"
    );
    assert_eq!(lines[3], "0000a7       SubRequestData PartitionID=\"\"");
    let start = xml(&message).find("DAAL").unwrap();
    assert_eq!(lines[4], format!("{start:06x}         request in base64, 85 bytes"));
    assert_eq!(
        lines[5].trim_start(),
        data("thread-request-contents-85.tree").lines().next().unwrap()
    );
    assert_eq!(folder.ok(&["decode", "body.xml"]), printed);
    folder.put("body.mtom", mtom(&message));
    let printed = folder.ok(&["decode", "body.mtom"]);
    assert!(printed.contains("  xop:Include href=\"cid:1\"\n"), "{printed}");
    assert!(printed.contains(" part Content-ID: <1>; Content-Transfer-Encoding: binary\n"));
    assert!(printed.contains("\n0000d7   request, 85 bytes\n"), "{printed}");
}

#[test]
fn errors_state_the_offset_and_the_rule() {
    let folder = Folder::new();
    let message = capture("thread-request-contents-85");
    let mut damaged = message.clone();
    damaged[0x4D] = 0x55;
    let rule = "the end of type 0x15 closes an object of type 0x42 (B 2.2.1.5.3)";
    let base64 = xml(&damaged).find("DAAL").unwrap();
    let cases: [(Vec<u8>, String); 9] = [
        (message[..60].to_vec(), "offset 0x38: 16 more bytes are required and 4 are left".into()),
        (damaged.clone(), format!("offset 0x4d: {rule}")),
        (mtom(&damaged), format!("offset 0x124: {rule}")),
        (
            xml(&damaged).into(),
            format!("offset {base64:#x}: in the message in base64, offset 0x4d: {rule}"),
        ),
        (b"<a><b></a>".to_vec(), "offset 0x6: the XML is invalid: ".into()),
        (b"<a><b/>".to_vec(), "offset 0x7: the XML ends inside an element".into()),
        (b"<a>\xff</a>".to_vec(), "offset 0x3: the XML is not UTF-8".into()),
        (
            "<a>".repeat(100).into(),
            "offset 0xc0: the XML is nested more than 64 levels deep".into(),
        ),
        (
            b"\r\n--b\r\n\r\n<a/>".to_vec(),
            "offset 0xd: the MIME body has no closing boundary".into(),
        ),
    ];
    for (bytes, why) in cases {
        folder.put("file", &bytes);
        for command in [&["cell", "decode", "file"][..], &["decode", "file"]] {
            let (said, error) = folder.fails(command);
            assert!(error.starts_with(&format!("file: {why}")), "{error}");
            assert_eq!(said, "");
        }
    }
    folder.put("file", "Dear Ada");
    let (_, why) = folder.fails(&["cell", "decode", "file"]);
    assert!(why.starts_with("file is neither a message of the cell storage protocol"), "{why}");
    folder.put("request", &message);
    let (_, why) = folder.fails(&["decode", "request", "--direction", "client"]);
    assert_eq!(why, "request is not a capture of a connection; leave out --direction and --other");
}

#[test]
fn strict_rejects_unknown_types_and_long_forms() {
    let folder = Folder::new();
    let mut bytes = capture("thread-request-contents-85");
    // The user agent's version becomes an object of an unknown type.
    bytes[0x23..0x25].copy_from_slice(&[0x0A, 0x7F]);
    for (name, bytes) in
        [("raw", bytes.clone()), ("mtom", mtom(&bytes)), ("xml", xml(&bytes).into())]
    {
        folder.put(name, bytes);
        assert!(folder.ok(&["cell", "decode", name]).contains("Unknown data[4]"));
        let (_, why) = folder.fails(&["cell", "decode", name, "--strict"]);
        assert!(why.starts_with(&format!("{name}: offset 0x")), "{why}");
        assert!(why.contains("the type 0xfe1 is unknown"), "{why}");
    }
}

#[test]
fn json_that_is_no_document_is_rejected() {
    let folder = Folder::new();
    for json in ["", "{}", "[1]", "{\"format\":\"message\",\"content\":{\"message\":\"question\"}}"]
    {
        folder.put("file.json", json);
        let (_, why) = folder.fails(&["cell", "encode", "file.json", "-o", "file"]);
        let start = "file.json is not an output of `psom cell decode --json`: ";
        assert!(why.starts_with(start) && why.contains("line 1"), "{why}");
    }
    assert_eq!(folder.names(), ["file.json"]);
}

#[test]
fn file_writes_the_document_of_a_response() {
    let folder = Folder::new();
    let document = b"one line\n".repeat(70_000);
    let mut server = Store::from_file(&document).unwrap();
    let response = answer(&mut server, QueryChanges::default());
    folder.put("raw", &response);
    folder.put("mtom", mtom(&response));
    folder.put("xml", xml(&response));
    for name in ["raw", "mtom", "xml"] {
        let said = folder.ok(&["cell", "file", name, "-o", "document", "--force"]);
        assert_eq!(said, "Wrote 630000 bytes to document.\n");
        assert!(folder.read("document") == document);
    }
    let output = folder.run(&["cell", "file", "-", "-o", "-"], &response);
    assert!(output.status.success() && output.stdout == document);
}

#[test]
fn file_joins_the_parts_of_an_answer() {
    let folder = Folder::new();
    let document = b"one line\n".repeat(70_000);
    let mut server = Store::from_file(&document).unwrap();
    let mut client = Store::default();
    let mut names = vec![];
    while names.len() < 20 {
        let query = client.query(Partition::CONTENTS);
        let bytes = answer(&mut server, QueryChanges { constraint: Some(150_000), ..query });
        let name = format!("part{}", names.len());
        folder.put(&name, &bytes);
        names.push(name);
        let response = fsshttpb::message::Response::read(&bytes).unwrap();
        let received = client.receive(Partition::CONTENTS, &response).unwrap();
        if received == fsshttpb::store::Received::Complete {
            break;
        }
    }
    assert!((3..20).contains(&names.len()));
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    folder.ok(&[&["cell", "file"], &names[..], &["-o", "document"]].concat());
    assert!(folder.read("document") == document);
    let (_, why) = folder.fails(&["cell", "file", "part0", "-o", "other"]);
    assert!(why.starts_with("part0: the ") && why.ends_with(" is absent"), "{why}");
}

#[test]
fn file_rejects_responses_without_a_document() {
    let folder = Folder::new();
    for (name, why) in [
        (
            "thread-response-error-92",
            "the other side answered with an error: cell error 1 (unknown error): Win32 error 0x80070057",
        ),
        ("thread-response-metadata-211", "the partition contains no file"),
        ("thread-request-contents-85", "contains no response"),
    ] {
        folder.put("message", capture(name));
        let (_, found) = folder.fails(&["cell", "file", "message", "-o", "document"]);
        let found = found.strip_prefix("message").unwrap();
        assert_eq!(found.trim_start_matches(':').trim_start(), why);
    }
    assert_eq!(folder.names(), ["message"]);
}

#[test]
fn existing_files_are_replaced_only_with_force() {
    let folder = Folder::new();
    let mut server = Store::from_file(b"new").unwrap();
    folder.put("response", answer(&mut server, QueryChanges::default()));
    folder.put("document", "old");
    let (_, why) = folder.fails(&["cell", "file", "response", "-o", "document"]);
    assert_eq!(why, "document exists; choose another place, or replace it with --force");
    assert_eq!(folder.read("document"), b"old");
    folder.ok(&["cell", "file", "response", "-o", "document", "-f"]);
    assert_eq!(folder.read("document"), b"new");
    let (_, why) = folder.fails(&["cell", "file", "response", "-o", "absent/document"]);
    assert_eq!(why, "there is no directory absent; create it first");
    assert_eq!(folder.names(), ["document", "response"]);
}

#[test]
fn apply_writes_the_document_after_an_upload() {
    let folder = Folder::new();
    // The example of MS-FSSHTTPD uploads a zip file to an empty document.
    folder.put("empty", answer(&mut Store::default(), QueryChanges::default()));
    folder.put("upload", capture("fsshttpd_3_1"));
    let said = folder.ok(&["cell", "apply", "empty", "upload", "-o", "files.zip"]);
    assert_eq!(said, "Wrote 220 bytes to files.zip.\n");
    assert!(folder.read("files.zip").starts_with(b"PK\x03\x04"));
    let (response, put) = edit(b"before", b"after", b"client");
    folder.put("response", response);
    folder.put("request", mtom(&request(Operation::PutChanges(put))));
    folder.ok(&["cell", "apply", "response", "request", "-o", "document"]);
    assert_eq!(folder.read("document"), b"after");
}

#[test]
fn apply_joins_the_parts_of_an_upload() {
    let folder = Folder::new();
    let after = b"one line\n".repeat(40_000);
    let (response, put) = edit(b"before", &after, b"client");
    let parts = split(&put, 100_000);
    assert!(parts.len() > 2);
    let messages = parts.iter().map(|put| {
        let bytes = request(Operation::PutChanges(put.clone()));
        format!("<SubRequestData>{}</SubRequestData>", BASE64_STANDARD.encode(bytes))
    });
    let messages: Vec<_> = messages.collect();
    folder.put("response", response);
    folder.put("request", format!("<r>{}</r>", messages.concat()));
    folder.ok(&["cell", "apply", "response", "request", "-o", "document"]);
    assert!(folder.read("document") == after);
    folder.put("request", format!("<r>{}</r>", messages[0]));
    let (_, why) = folder.fails(&["cell", "apply", "response", "request", "-o", "other"]);
    assert_eq!(why, "request: the upload is not complete; name a request with its last part");
}

#[test]
fn apply_rejects_an_upload_to_another_document() {
    let folder = Folder::new();
    let (_, put) = edit(b"before", b"after", b"client");
    let (response, _) = edit(b"another", b"after", b"client");
    folder.put("response", response);
    folder.put("request", request(Operation::PutChanges(put)));
    let (_, why) = folder.fails(&["cell", "apply", "response", "request", "-o", "document"]);
    let start =
        "request: the upload is refused: cell error 12 (coherency failure): the expected index";
    assert!(why.starts_with(start), "{why}");
    let (_, why) = folder.fails(&["cell", "apply", "response", "response", "-o", "document"]);
    assert_eq!(why, "response contains no upload of a document");
}

#[test]
fn chunk_prints_offsets_and_signatures() {
    let folder = Folder::new();
    folder.put("empty", answer(&mut Store::default(), QueryChanges::default()));
    folder.put("upload", capture("fsshttpd_3_1"));
    folder.ok(&["cell", "apply", "empty", "upload", "-o", "files.zip"]);
    let printed = folder.ok(&["cell", "chunk", "files.zip", "--before-2-2"]);
    let example = data("fsshttpd_3_1.hex").replace(char::is_whitespace, "").to_lowercase();
    let lines: Vec<Vec<_>> =
        printed.lines().map(|line| line.split_whitespace().collect()).collect();
    // The nodes of the example have these signatures.
    assert!(lines[..3].iter().all(|line| example.contains(line[2])), "{printed}");
    assert!(lines[3].join(" ").starts_with("3 chunks, 220 bytes, data hash "), "{printed}");
    let printed = folder.ok(&["cell", "chunk", "files.zip"]);
    assert!(printed.lines().take(3).all(|line| line.len() == 8 + 1 + 9 + 1 + 40), "{printed}");
    folder.put("none", "");
    let zeros = "0".repeat(40);
    assert_eq!(
        folder.ok(&["cell", "chunk", "none"]),
        format!("00000000         0 -\n1 chunk, 0 bytes, data hash {zeros}\n")
    );
}

#[test]
fn each_cell_command_has_help_with_examples() {
    let folder = Folder::new();
    for command in ["decode", "encode", "file", "apply", "chunk"] {
        assert!(folder.ok(&["cell", command, "--help"]).contains("Examples"), "{command}");
    }
}
