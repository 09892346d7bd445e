//! Input for the tests.

use std::{env, fs, path::PathBuf};

/// The captures of a thread and an article, in the order of the expected trees.
pub(crate) const CAPTURES: [&str; 9] = [
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

/// The worked examples of MS-FSSHTTP 4 and MS-FSSHTTPD 3.1.
pub(crate) const EXAMPLES: [&str; 12] = [
    "fsshttpd_3_1",
    "spec4_1",
    "spec4_2",
    "spec4_4",
    "spec4_5",
    "spec4_6",
    "spec4_7",
    "spec4_9",
    "spec4_10",
    "spec4_11",
    "spec4_12",
    "spec4_15",
];

fn data(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads a capture or an example.
pub(crate) fn capture(name: &str) -> Vec<u8> {
    let digits: Vec<_> =
        data(&format!("{name}.hex")).chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| ((pair[0] << 4) | pair[1]) as u8).collect()
}

/// Reads the tree of a capture.
pub(crate) fn tree(name: &str) -> String {
    data(&format!("{name}.tree"))
}

/// Reads a file that must not be copied into the project, from the folder that `FSSHTTPB_DATA`
/// names or from `../shared/data/fsshttpb` beside the repository. If the file is absent, it prints
/// that the test is skipped.
pub(crate) fn outside(file: &str) -> Option<Vec<u8>> {
    let folder = env::var_os("FSSHTTPB_DATA").map(PathBuf::from).unwrap_or_else(|| {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/fsshttpb")
    });
    let path = folder.join(file);
    let bytes = fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("skipped: {} is absent; set FSSHTTPB_DATA to its folder", path.display());
    }
    bytes
}

/// The responses and requests of a real SharePoint and a real Word.
pub(crate) const SHAREPOINT: [&str; 7] = [
    "cellbridge/request-109.bin",
    "cellbridge/request-query-access-27.bin",
    "cellbridge/response-editors-table-1342.bin",
    "cellbridge/response-metadata-364.bin",
    "cellbridge/response-open-1334.bin",
    "cellbridge/response-query-access-140.bin",
    "cellbridge/response-rejected-111.bin",
];
