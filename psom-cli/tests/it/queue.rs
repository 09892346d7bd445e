//! `psom queue` with the golden vectors of the crate `comqc`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use comqc::queue::{FolderQueue, Queue, SqliteQueue, Stage, Step};
use tempfile::TempDir;

const Q1: &[u8] = include_bytes!("../../../comqc/tests/data/q1.bin");
const Q2: &[u8] = include_bytes!("../../../comqc/tests/data/q2.bin");
const Q4: &[u8] = include_bytes!("../../../comqc/tests/data/q4.bin");
const SHIP: &str = include_str!("../../../comqc/tests/data/ship.idl");

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn psom(&self, arguments: &[&str]) -> Output {
        let mut psom = Command::new(env!("CARGO_BIN_EXE_psom"));
        psom.current_dir(self.0.path()).args(arguments).output().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.psom(&[&["queue"], arguments].concat())
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that fails. Returns its output and its error, which is one line.
    fn fails(&self, arguments: &[&str]) -> (String, String) {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.starts_with("error: ") && errors.lines().count() == 1, "{errors:?}");
        (String::from_utf8(output.stdout).unwrap(), errors)
    }
}

#[test]
fn message_is_printed_with_the_names_of_its_interface() {
    let folder = Folder::new();
    folder.put("q1.bin", Q1);
    folder.put("ship.idl", SHIP);
    let text = folder.ok(&["decode", "q1.bin", "--interface", "ship.idl"]);
    let expected = "\
0000  CHDR  448 bytes for class {812DF40E-BD88-11D0-8A6D-00C04FC340EE}
00c8  SECD  lowest authentication level 6, SID S-1-5-18, authentication service 10, authentication level 6, impersonation level 3
0118  METH  call 1: IShip.CustomerId(id = 4)
0150  SMTH  call 2: IShip.OrderId(id = 1204)
0178  SMTH  call 3: IShip.LineItem(quantity = 12)
01a0  SMTH  call 4: IShip.Process()
";
    assert_eq!(text, expected);
    let text = folder.ok(&["decode", "q1.bin"]);
    assert!(text.contains("call 2: {5E0C1A30-7B1D-4C6E-9E5F-0A1B2C3D4E5F} method 8, b4040000\n"));
}

#[test]
fn golden_vectors_are_listed_with_all_fields() {
    let folder = Folder::new();
    const LISTED_1: &str = include_str!("../../../comqc/tests/data/q1.txt");
    const LISTED_2: &str = include_str!("../../../comqc/tests/data/q2.txt");
    // The packet contains the first message.
    for (vector, listed) in [(Q1, LISTED_1), (Q2, LISTED_2), (Q4, LISTED_1)] {
        folder.put("vector.bin", vector);
        assert_eq!(folder.ok(&["decode", "vector.bin", "--fields"]), listed);
    }
    folder.put("vector.bin", include_bytes!("../../../comqc/tests/data/q3.bin"));
    let text = folder.ok(&["decode", "vector.bin", "--fields"]);
    let call = "0118 METH size=88 call#1 iid={5E0C1A30-7B1D-4C6E-9E5F-0A1B2C3D4E5F} opnum=11 \
                rep=0x10 flags=0x1000 data=40 0700000055736572050000000a0000000500000041006e00760069\
                006c0000000000000000000440\n";
    assert_eq!(text.split_once("0118 ").unwrap().1, call.split_once("0118 ").unwrap().1);
}

#[test]
fn decode_recognizes_queued_calls() {
    let folder = Folder::new();
    folder.put("q1.bin", Q1);
    folder.put("q4.bin", Q4);
    for file in ["q1.bin", "q4.bin"] {
        let output = folder.psom(&["decode", file]);
        assert!(output.status.success());
        assert_eq!(String::from_utf8(output.stdout).unwrap(), folder.ok(&["decode", file]));
    }
    let output = folder.psom(&["decode", "q1.bin", "--direction", "client"]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("leave out --direction and --other"), "{error}");
}

#[test]
fn late_bound_calls_are_printed_with_their_arguments() {
    let folder = Folder::new();
    folder.put("q2.bin", Q2);
    folder.put("ship.idl", SHIP);
    let text = folder.ok(&["decode", "q2.bin"]);
    assert!(text.contains("call 1: put DISPID 1(4)\n"), "{text}");
    assert!(text.contains("call 3: DISPID 5(\"Zürich\", true, 1.5)\n"), "{text}");
    assert!(text.contains("0380  SECR  as at 00e0\n"), "{text}");
    let text = folder.ok(&["decode", "q2.bin", "--interface", "ship.idl"]);
    assert!(text.contains("call 1: put IShip.CustomerId(id = 4)\n"), "{text}");
}

#[test]
fn json_is_encoded_back_to_the_same_bytes() {
    let folder = Folder::new();
    // Reserved fields and padding that are not zero, and an unknown header before the call.
    let mut odd = Q1.to_vec();
    for place in [36..68, 72..80, 0xC2..0xC8, 0xD4..0xD8, 0x134..0x138, 0x14C..0x150] {
        odd[place].fill(0xA5);
    }
    odd.splice(0xC8..0xC8, *b"CALR\x10\0\0\0unknown!");
    let size = u32::try_from(odd.len()).unwrap();
    odd[32..36].copy_from_slice(&size.to_le_bytes());
    for bytes in [Q1, Q2, Q4, &odd] {
        folder.put("in.bin", bytes);
        folder.put("in.json", folder.ok(&["decode", "in.bin", "--json"]));
        folder.ok(&["encode", "in.json", "-o", "out.bin"]);
        assert_eq!(fs::read(folder.path("out.bin")).unwrap(), bytes);
    }
}

#[test]
fn invalid_message_is_printed_up_to_the_violation() {
    let folder = Folder::new();
    let mut bytes = Q1.to_vec();
    bytes[0x15C] = 0;
    folder.put("bad.bin", &bytes);
    let (text, error) = folder.fails(&["decode", "bad.bin"]);
    assert_eq!(text.lines().count(), 3);
    assert!(error.contains("offset 0x015c: violates `data-representation`"), "{error}");
    let (text, _) = folder.fails(&["decode", "bad.bin", "--json"]);
    assert!(text.contains("\"data-representation\""), "{text}");
    folder.put("bad.json", text);
    folder.ok(&["encode", "bad.json", "-o", "again.bin"]);
    assert_eq!(fs::read(folder.path("again.bin")).unwrap(), bytes);
    folder.put("nothing.bin", "nothing");
    let (_, error) = folder.fails(&["decode", "nothing.bin"]);
    assert!(error.contains("nothing.bin contains no packet"), "{error}");
    folder.put("bad.json", "{\"headers\": [{\"header\": \"PART\", \"id\": \"x\"}]}");
    let (_, error) = folder.fails(&["encode", "bad.json", "-o", "out"]);
    assert!(error.contains("header 1: `id`"), "{error}");
}

#[test]
fn packets_of_a_storage_file_are_carved_and_decoded() {
    let folder = Folder::new();
    let storage = [&[0; 100], Q4, &[0; 40], Q1, &[0; 60], &Q4[..300], &[0; 400]].concat();
    folder.put("storage.mq", storage);
    let text = folder.ok(&["carve", "storage.mq", "-o", "found"]);
    assert!(text.ends_with("2 whole, 1 damaged\n"), "{text}");
    assert_eq!(fs::read(folder.path("found/0000000064.packet")).unwrap(), Q4);
    assert_eq!(fs::read(folder.path("found/0000000320.message")).unwrap(), Q1);
    assert_eq!(fs::read_dir(folder.path("found")).unwrap().count(), 3);
    let (text, error) = folder.fails(&["decode", "storage.mq"]);
    assert!(text.contains("At 0x64, 660 bytes:\npacket 2286 to OS:server\\private$\\qcshipapp"));
    assert!(error.contains("1 of 3 packets and messages are damaged"), "{error}");
}

/// A message in the dead queue and one that waits.
fn fill(queue: &mut impl Queue) {
    let dead = queue.send(Q1, 0).unwrap();
    queue.send(Q4, 0).unwrap();
    queue.put_back(dead, Step { stage: Stage::Dead, tries: 0, due: 0 }).unwrap();
}

fn check_commands(folder: &Folder, queue: &str) {
    let text = folder.ok(&["list", queue]);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains("input") && lines[0].ends_with("4 calls by S-1-5-18"), "{text}");
    assert!(lines[1].contains("dead"), "{text}");
    let (_, error) = folder.fails(&["retry", queue, "2"]);
    assert!(error.contains("message 2 is not in the dead queue"), "{error}");
    assert_eq!(folder.ok(&["retry", queue, "1"]), "1 message moved\n");
    assert!(!folder.ok(&["list", queue]).contains("dead"));
    assert_eq!(folder.ok(&["move", queue, "input", "dead"]), "2 messages moved\n");
    assert_eq!(folder.ok(&["list", queue]).matches("dead").count(), 2);
    assert_eq!(folder.ok(&["retry", queue]), "2 messages moved\n");
}

#[test]
fn messages_of_a_folder_are_listed_moved_and_retried() {
    let folder = Folder::new();
    fill(&mut FolderQueue::open(folder.path("shop"), "QCShipApp").unwrap());
    check_commands(&folder, "shop");
    fs::remove_dir(folder.path("shop/QCShipApp_2")).unwrap();
    let (_, error) = folder.fails(&["move", "shop", "input", "2"]);
    assert!(error.contains("the queue 2 was removed"), "{error}");
}

#[test]
fn messages_of_a_database_are_listed_moved_and_retried() {
    let folder = Folder::new();
    fill(&mut SqliteQueue::open(folder.path("shop.db")).unwrap());
    check_commands(&folder, "shop.db");
}

#[test]
fn folder_without_queues_is_not_touched() {
    let folder = Folder::new();
    fs::create_dir(folder.path("empty")).unwrap();
    let (_, error) = folder.fails(&["list", "empty"]);
    assert!(error.contains("empty contains no queues"), "{error}");
    assert_eq!(Path::read_dir(&folder.path("empty")).unwrap().count(), 0);
}
