//! Formats of hex dumps.

use psom_inspect::dump;

use super::common::{client, inspector, texts};

/// The bytes of the dumps below.
const BYTES: &[u8] = b"pw2\0\0\0\0\0\0\0\0 abc 12|34 56  \x04\0\0\0\0";

fn read(text: &str) -> Vec<u8> {
    match dump::read(text.as_bytes().to_vec()) {
        Ok(bytes) => bytes.to_vec(),
        Err(error) => panic!("{error}\n{text}"),
    }
}

fn refuse(text: &str) -> String {
    dump::read(text.as_bytes().to_vec()).unwrap_err().to_string()
}

#[test]
fn raw_capture_is_read_unchanged() {
    assert_eq!(dump::read(client()).unwrap(), client());
    assert_eq!(dump::read(BYTES.to_vec()).unwrap(), BYTES);
    assert_eq!(dump::read(vec![0xff, 0x41]).unwrap(), [0xff, 0x41][..]);
}

#[test]
fn plain_hex_digits_are_read_in_any_grouping() {
    for text in [
        "16000000020003",
        "16 00 00 00 02 00 03",
        "16000000\n02 0003\n\n",
        "16:00:00:00:02:00:03",
        "0x16, 0x00,0x00,0x00,\r\n0x02,0x00,0x03\r\n",
        "0x16000000 0x020003",
        "\"0x16\" \"0x00\" 0x 00,00,02,00,03",
        r"\x16\x00\x00\x00\x02\x00\x03",
        "\u{feff}16 00 00 00 02 00 03",
    ] {
        assert_eq!(read(text), [0x16, 0, 0, 0, 2, 0, 3], "{text}");
    }
    assert!(read("  \n").is_empty());
}

#[test]
fn xxd_output_is_read() {
    let text = "\
00000000: 7077 3200 0000 0000 0000 0020 6162 6320  pw2........ abc 
00000010: 3132 7c33 3420 3536 2020 0400 0000 00    12|34 56  .....
";
    assert_eq!(read(text), BYTES);
    // Eight bytes in the last line, with hex digits in the text column.
    let text = "00000000: 6162 6364 6566 3031                      abcdef01\n";
    assert_eq!(read(text), b"abcdef01");
    let text = "00000000: 61 62 63 64 65 66 30 31                          abcdef01\n";
    assert_eq!(read(text), b"abcdef01");
}

#[test]
fn hexdump_output_is_read() {
    let text = "\
00000000  70 77 32 00 00 00 00 00  00 00 00 20 61 62 63 20  |pw2........ abc |
00000010  31 32 7c 33 34 20 35 36  20 20 04 00 00 00 00     |12|34 56  .....|
0000001f
";
    assert_eq!(read(text), BYTES);
}

#[test]
fn od_output_is_read() {
    let text = "\
0000000 70 77 32 00 00 00 00 00 00 00 00 20 61 62 63 20
0000020 31 32 7c 33 34 20 35 36 20 20 04 00 00 00 00
0000037
";
    assert_eq!(read(text), BYTES);
}

#[test]
fn wireshark_output_is_read() {
    let copied = "\
0000   70 77 32 00 00 00 00 00 00 00 00 20 61 62 63 20   pw2........ abc 
0010   31 32 7c 33 34 20 35 36 20 20 04 00 00 00 00      12|34 56  .....
";
    assert_eq!(read(copied), BYTES);
    let followed = "\
    00000000  70 77 32 00 00 00 00 00  00 00 00 20 61 62 63 20   pw2.....  ... abc 
    00000010  31 32 7c 33 34 20 35 36  20 20 04 00 00 00 00      12|34 56   .....
";
    assert_eq!(read(followed), BYTES);
    let array = "\
char peer0_0[] = { /* Packet 4 */
0x70, 0x77, 0x32, 0x00, /* pw2. */
0x16, 0x00 };
";
    assert_eq!(read(array), [0x70, 0x77, 0x32, 0, 0x16, 0]);
}

#[test]
fn hex_of_the_specification_pages_is_read() {
    // Section 4.1.5: a line break splits a byte, and words surround the bytes.
    let text = "\
The following is an addProtocol message in a ConnMgr RPC call (69 bytes).

0x16,00,00,00,40,00,02,00,30,9d,88,91,71,7b,56,59,21,2c,47,28,ff,ff,83,ed,aa,92,87,67,61,0a,7

1,27,23,09,34,c9,ce,82,f0,ab,ba,84,68,7c,44,1a,15,39,03,56,ca,f5,c5,d2,80,b9,9d,01,01,01,87,0

1,65,85,61,94,5a,b9,51
";
    assert_eq!(read(text), super::common::vector("addProtocol ConnMgr"));
    // Section 4.3: a message in a table.
    let text = "\
#### sReserveTitle

RpcMessage (1 byte)

\"0x16\"

Length (4 bytes)

\"0x 00 00 00 10\"

ProxyId (1 byte) – recall this is encoded as a PSOM Int32 (and value \"-2\")

\"0x fe\"

MethodIndex (1 byte)
 \"0x 04\"

Parameter 1 – Title (string) (13 bytes)

0x 00,0b,0d,33,0b,14,e6,ba,fc,d3,bf,b2,8b,

Parameter 2 – Cookie (1 byte)

\"0x 01\"
";
    assert_eq!(read(text), super::common::vector("ContentManager.sReserveTitle"));
    assert_eq!(
        texts(&inspector().read(read(text))),
        [r#"contentManager@-2.sReserveTitle("Hello World", 1)"#]
    );
}

#[test]
fn malformed_hex_is_reported_with_its_line() {
    for (text, why) in [
        ("16 00\n00 0g\n", "line 2 is not hex: `0g` does not consist of whole bytes"),
        ("hello\n", "line 1 is not hex: `hello` does not consist of whole bytes"),
        ("16 0", "line 1 is not hex: `0` does not consist of whole bytes"),
        ("0x16\n7g 32\n", "line 2 is not hex: it does not begin with 0x like other lines"),
        ("0x16,0", "line 1 is not hex: `0` is half a byte"),
        ("0x16,0\n12", "line 2 is not hex: `12` does not complete the byte of the line before"),
        ("0x04 SetChannel", "line 1 is not hex: `SetChannel` does not consist of whole bytes"),
        (
            "00000000  16 00  |..|\n*\n00000020  00\n",
            "line 2 is not hex: the dump omits repeated lines; create it with all lines (xxd, hexdump -v, od -v)",
        ),
        (
            "00000000: 1600 0000\n00000010: 0003\n",
            "line 2 is not hex: its offset is not 0x4; a line before it is missing",
        ),
        (
            "0000   16 00\nand so on\n",
            "line 2 is not hex: it does not begin with an offset like the first line",
        ),
        ("0000   16 0z\n", "line 1 is not hex: `0z` does not consist of whole bytes"),
        ("ü", "line 1 is not hex: `ü` does not consist of whole bytes"),
    ] {
        let said = refuse(text);
        assert!(said.starts_with(why), "{text:?}: {said}");
    }
}
