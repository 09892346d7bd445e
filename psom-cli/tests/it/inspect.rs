//! `psom idl` and `psom decode`.

use crate::support::Folder;

/// The interface definitions of the specification.
const IDL: &str = include_str!("../../../tests/data/interfaces.idl");

/// The bytes that a client sends in section 4, in hex.
const CLIENT: &str = "\
    7077320000000000000000203330303030303030303030303030303045333630333231353443353434393038\
    0400000000160000000b000187737dda8b971e7285160000000200033700000002000000280005\
    00129a90b44e3f514d24380119a4e8ced1a2a88a0007c7f5dfe9bebb8b8f6e147bcbcb378ef7\
    04000000021600000010fe04000b0d330b14e6bafcd3bfb28b01";

/// The decoded form of these bytes.
const STORY: &str = "  \
0      authentication: signature \"pw2\\x00\", version 0, token \"30000000...\" of 32 bytes
 44      set channel #0
 49  #0  ConnMgr@0.version(8322047979521208965)
 65  #0  ConnMgr@0.doneProtocols()
 72  #0  open #2: lookup(\"TODO-ryanfa-remove\", \"NotUsed\", -7932100958924279543)
121      set channel #2
126  #2  contentManager@-2.sReserveTitle(\"Hello World\", 1)
Sent by the client: 7 records, 147 bytes, all decoded.
";

fn binary() -> Vec<u8> {
    let digits: Vec<_> = CLIENT.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| ((pair[0] << 4) | pair[1]) as u8).collect()
}

#[test]
fn idl_output_passes_idl_check() {
    let stage = Folder::new();
    let printed = stage.ok(&["idl"]);
    assert_eq!(printed.matches("DOInterface").count(), 17);
    stage.put("printed.idl", &printed);
    assert_eq!(
        stage.ok(&["idl", "--check", "printed.idl"]),
        "printed.idl agrees with the 17 built-in definitions.\n"
    );
    assert_eq!(
        stage.ok_with(&["idl", "--check", "-"], IDL.as_bytes()),
        "standard input agrees with the 17 built-in definitions.\n"
    );
}

#[test]
fn idl_prints_the_named_interfaces() {
    let stage = Folder::new();
    let whole = "\
[Name=\"Microsoft.Rtc.Server.DataMCU.Meeting.Parts.IRCStream\", Version=1]
DOInterface UploadStream {
    [Hash=-6716385024907738156]
    ServerInterface {
        void sDisconnect();
        void sWrite(Byte[] data, Int32 packetNum);
    }
    [Hash=5963839780483567246]
    ClientInterface {
        void cDisconnect();
        void cWriteComplete(Int32 nBytes);
    }
}
";
    for name in
        ["UploadStream", "ircstream", "Microsoft.Rtc.Server.DataMCU.Meeting.Parts.IRCStream"]
    {
        assert_eq!(stage.ok(&["idl", name]), whole);
    }
    let two = stage.ok(&["idl", "content", "ConnMgr"]);
    let titles: Vec<_> = two.lines().filter(|line| line.starts_with("DOInterface")).collect();
    assert_eq!(titles, ["DOInterface ConnMgr {", "DOInterface Content {", "DOInterface Content {"]);
    assert!(
        two.contains("    Children {\n        (\"extendedContent\", content-specific-DO)\n    }")
    );
    let (_, why) = stage.fails(&["idl", "Contents"]);
    assert!(
        why.starts_with("there is no interface Contents; choose from ConnMgr, Meeting, "),
        "{why}"
    );
}

/// Compares the specification's definitions after a change.
fn checked(from: &str, to: &str) -> (Vec<String>, String) {
    assert!(IDL.contains(from), "{from}");
    let stage = Folder::new();
    stage.put("my.idl", IDL.replacen(from, to, 1));
    let (said, why) = stage.fails(&["idl", "--check", "my.idl"]);
    (said.lines().map(String::from).collect(), why)
}

#[test]
fn each_kind_of_difference_is_one_line() {
    let one = "my.idl differs in 1 place that affects the wire";
    for (from, to, line) in [
        (
            "3800622354142801969",
            "3800622354142801968",
            "my.idl:23: ContentManager version 2, server: the hash is 3800622354142801968 in the \
             file, 3800622354142801969 built in",
        ),
        (
            "        void sStopPresenting();\n    }\n    [Hash=-8255",
            "    }\n    [Hash=-8255",
            "my.idl:23: ContentManager version 2, server: method 6, sStopPresenting, is not in the \
             file",
        ),
        (
            "void cTitleReleased(Int32 cookie);",
            "void cTitleReleased(Int32 cookie); cMore();",
            "my.idl:41: ContentManager version 2, client: method 9 of the file, cMore, is not \
             built in",
        ),
        (
            "sVote(Int32 choice)",
            "sVote(Int64 choice)",
            "my.idl:329: PollContent version 1, server: parameter 1 of sVote, choice, is Int64 in \
             the file, Int32 built in",
        ),
        (
            "sVote(Int32 choice)",
            "sVote()",
            "my.idl:329: PollContent version 1, server: sVote has 0 parameters in the file, 1 \
             built in",
        ),
        (
            "(\"content.X\", Microsoft.Rtc.Server.DataMCU.Meeting.Content)",
            "",
            "my.idl:21: ContentManager version 2, children: content.X is not in the file",
        ),
    ] {
        let (said, why) = checked(from, to);
        let found = said == [line];
        assert!(found, "{said:#?}\n{line}");
        assert_eq!(why, one);
    }
    let (said, why) = checked("Meeting.QnaContent\", Version=1", "Meeting.QnaContent\", Version=2");
    let name = "Microsoft.Rtc.Server.DataMCU.Meeting.QnaContent";
    assert!(said[0].ends_with(&format!("{name} version 2 is not built in, only version 1")));
    assert_eq!(said[1], format!("my.idl: {name} version 1 is not in the file, only version 2"));
    assert_eq!(why, "my.idl differs in 2 places that affect the wire");
}

#[test]
fn a_renamed_parameter_is_only_a_note() {
    let stage = Folder::new();
    stage.put("my.idl", IDL.replace("sVote(Int32 choice)", "sVote(Int32 pick)"));
    let said = stage.ok(&["idl", "--check", "my.idl"]);
    assert_eq!(
        said,
        "my.idl:329: note: PollContent version 1, server: parameter 1 of sVote is called pick in \
         the file, choice built in\nmy.idl agrees with the 17 built-in definitions on the wire.\n"
    );
}

#[test]
fn only_named_interfaces_are_compared() {
    let stage = Folder::new();
    stage.put("my.idl", IDL.replace("sVote(Int32 choice)", "sVote()"));
    assert_eq!(
        stage.ok(&["idl", "Content", "QnaContent", "--check", "my.idl"]),
        "my.idl agrees with the 3 built-in definitions.\n"
    );
    stage.fails(&["idl", "PollContent", "--check", "my.idl"]);
}

#[test]
fn a_malformed_definition_is_reported_with_its_line() {
    let stage = Folder::new();
    stage.put("my.idl", IDL.replacen("Int64 contentId", "Long contentId,", 1));
    let (_, why) = stage.fails(&["idl", "--check", "my.idl"]);
    assert_eq!(why, "my.idl, line 25: expected a type, found `)`");
    stage.put("noise", [0xff, 0xfe]);
    let (_, why) = stage.fails(&["idl", "--check", "noise"]);
    assert_eq!(why, "noise is not text in UTF-8");
    let (_, why) = stage.fails(&["idl", "--check", "nothing"]);
    assert!(why.starts_with("cannot read nothing: "), "{why}");
}

#[test]
fn decode_reads_all_forms_of_a_capture() {
    let stage = Folder::new();
    stage.put("client.bin", binary());
    assert_eq!(stage.ok(&["decode", "client.bin"]), STORY);
    stage.put("client.hex", CLIENT);
    assert_eq!(stage.ok(&["decode", "client.hex"]), STORY);
    assert_eq!(stage.ok_with(&["decode", "-"], &binary()), STORY);
    assert_eq!(stage.ok_with(&["decode", "-"], CLIENT.as_bytes()), STORY);
    let mut dump = String::new();
    for (place, bytes) in binary().chunks(16).enumerate() {
        let hex: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        dump += &format!("{:08x}  {:<48} |................|\n", place * 16, hex.join(" "));
    }
    assert_eq!(stage.ok_with(&["decode", "-"], dump.as_bytes()), STORY);
}

#[test]
fn decode_reports_undecodable_records_and_goes_on() {
    let stage = Folder::new();
    let mut bytes = binary();
    // The index of doneProtocols.
    bytes[71] = 9;
    bytes.extend([0x16, 0, 0, 1, 0, 7]);
    stage.put("client.bin", bytes);
    let (said, why) = stage.fails(&["decode", "client.bin"]);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(
        lines[3],
        " 65  #0  7 undecodable bytes: ConnMgr has no method 9, called on ConnMgr@0"
    );
    assert!(lines[6].ends_with("contentManager@-2.sReserveTitle(\"Hello World\", 1)"));
    assert_eq!(lines[7], "147      the last 6 bytes are lost: the capture ends inside a record");
    assert_eq!(lines[8], "Sent by the client: 8 records, 153 bytes, 13 of them not decoded.");
    assert_eq!(why, "2 records could not be decoded");
}

#[test]
fn decode_rejects_other_files() {
    let stage = Folder::new();
    stage.put("letter.txt", "16 00\nDear Ada,\n");
    let (said, why) = stage.fails(&["decode", "letter.txt"]);
    assert_eq!(why, "letter.txt, line 2 is not hex: `Dear` does not consist of whole bytes");
    assert_eq!(said, "");
    stage.put("empty", "\n");
    assert_eq!(stage.fails(&["decode", "empty"]).1, "empty has no bytes");
    stage.put("picture", b"\x89PNG\r\n\x1a\n");
    let (said, why) = stage.fails(&["decode", "picture"]);
    assert!(said.contains("record type 0x89 is unknown"), "{said}");
    assert_eq!(why, "1 record could not be decoded");
}

#[test]
fn decode_takes_the_other_direction_and_a_forced_one() {
    let stage = Folder::new();
    // A client that only asks to leave the stage: two objects have such a method.
    stage.put("client.hex", "04 00000002 16 00000002 fe 06");
    stage.put(
        "server.hex",
        "70773200 04 00000002 \
         16 0000001f 84 00 0012 adb09e75774d401025020ac4fbc5ddaabb9d 8749d59c18ed9d9e0c",
    );
    let said = stage.ok(&["decode", "client.hex"]);
    assert!(said.contains("contentManager?@-2.sStopPresenting()"), "{said}");
    let said = stage.ok(&["decode", "server.hex", "--other", "client.hex"]);
    assert!(said.ends_with("Sent by the server: 3 records, 45 bytes, all decoded.\n"), "{said}");
    let (_, why) = stage.fails(&["decode", "client.hex", "--other", "client.hex"]);
    assert_eq!(why, "both directions are the same file; give a file for each");
    stage.put("again.hex", "70773200");
    let (_, why) = stage.fails(&["decode", "server.hex", "--other", "again.hex"]);
    assert_eq!(why, "server.hex and again.hex were both sent by the server; give a file for each");
    let (said, _) = stage.fails(&["decode", "client.hex", "--direction", "server"]);
    assert!(said.contains("Sent by the server: 2 records, 12 bytes, 7 of them"), "{said}");
}

#[test]
fn idl_and_decode_have_help_with_examples() {
    let stage = Folder::new();
    for command in ["idl", "decode"] {
        assert!(stage.ok(&[command, "--help"]).contains("Examples"));
    }
}
