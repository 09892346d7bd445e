//! Files that a browser downloads from the program's server.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
};

use crate::support::Stage;

#[test]
fn a_browser_downloads_a_decrypted_file_once() {
    let stage = Stage::open(&[]);
    fs::write(stage.file("Plan.txt"), "hello").unwrap();
    stage.ok(&["share", &stage.link, "Plan.txt"]);
    let url = stage.ok(&["get", &stage.link, "Plan.txt", "--decrypted-url"]);
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let fetch = || {
        let mut stream = TcpStream::connect(host).unwrap();
        let request = format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = fetch();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nhello"), "{answer}");
    assert!(answer.contains("attachment; filename=\"Plan.txt\""), "{answer}");
    assert!(fetch().starts_with("HTTP/1.1 404 "));
    let why = stage.fails(&["get", &stage.link, "Other.txt", "--decrypted-url"]);
    assert!(why.contains("there is no content"), "{why}");
}
