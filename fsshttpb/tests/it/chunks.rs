//! Chunking and signatures.

use bytes::Bytes;
use fsshttpb::{
    file::{Chunk, Chunking, Node, SignatureRule, chunks, xor_hash},
    message::Request,
    object::types,
    store::Store,
};
use sha1::{Digest as _, Sha1};

use crate::{
    documents::{docx, noise, pptx, zip_file},
    support::{capture, outside},
};

fn sha1(bytes: &[u8]) -> Vec<u8> {
    Sha1::digest(bytes).to_vec()
}

fn divide(file: &[u8], chunking: &Chunking) -> Vec<Chunk> {
    let list = chunks(&Bytes::copy_from_slice(file), chunking);
    let joined: Vec<_> = list.iter().map(|chunk| &chunk.data[..]).collect();
    assert!(joined.concat() == file);
    list
}

/// Returns the signature of the data of a local header: checksum, compressed size, size.
fn data_signature(header: &[u8]) -> Vec<u8> {
    let size = |place: usize| [&header[place..place + 4], &[0; 4]].concat();
    [&header[14..18], &size(18), &size(22)].concat()
}

#[test]
fn small_entry_is_one_chunk_with_the_expected_signatures() {
    let mut store = Store::default();
    store.apply(Request::read(&capture("fsshttpd_3_1")).unwrap().put_changes().unwrap()).unwrap();
    let file = store.file().unwrap();
    let rule = SignatureRule::Concatenated;
    let list = divide(&file, &Chunking { signatures: rule, ..Chunking::default() });
    assert_eq!(list.len(), 3);
    // The nodes of the example have these signatures.
    let example = fsshttpb::print::message(
        &fsshttpb::message::Message::read(&capture("fsshttpd_3_1")).unwrap(),
    );
    for chunk in &list {
        let digits: String = chunk.signature.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(example.contains(&digits), "{digits}");
    }
    assert_eq!(list[0].signature.len(), 40);
    assert_eq!(&list[2].signature[..], sha1(&list[2].data));
}

#[test]
fn from_version_2_2_the_signatures_of_a_small_entry_are_xored() {
    let file = zip_file(&[("a.txt".into(), b"text".to_vec())]);
    let list = divide(&file, &Chunking::default());
    let header_len = 30 + "a.txt".len() + usize::from(u16::from_le_bytes([file[28], file[29]]));
    let (header, data) = (sha1(&file[..header_len]), data_signature(&file));
    let xored: Vec<_> = header.iter().zip(&data).map(|(a, b)| a ^ b).collect();
    assert_eq!(list[0].signature[..], xored);
}

#[test]
fn a_large_entry_has_a_header_chunk_and_a_data_chunk() {
    let file = zip_file(&[("a.png".into(), noise(1, 10_000))]);
    let list = divide(&file, &Chunking::default());
    assert_eq!(list.len(), 3);
    assert_eq!(list[0].signature[..], sha1(&list[0].data));
    assert_eq!(list[1].signature[..], data_signature(&file));
    assert_eq!(list[1].data.len(), 10_000);
    assert_eq!(list[2].signature[..], sha1(&list[2].data));
}

#[test]
fn data_above_3_mb_is_split_into_parts_with_8_unique_bytes() {
    let file = zip_file(&[("a.png".into(), noise(1, 7 * 1024 * 1024))]);
    let list = divide(&file, &Chunking::default());
    let lens: Vec<_> = list[1..4].iter().map(|chunk| chunk.data.len()).collect();
    assert_eq!(lens, [3 * 1024 * 1024, 3 * 1024 * 1024, 1024 * 1024]);
    assert!(list[1..4].iter().all(|chunk| chunk.signature.len() == 8));
    assert!(list[1].signature != list[2].signature && list[2].signature != list[3].signature);
    let parts = divide(&file, &Chunking { part_bytes: 1024 * 1024, ..Chunking::default() });
    assert_eq!(parts.len(), 9);
}

#[test]
fn a_large_rest_has_12_unique_bytes() {
    let file = [zip_file(&[("a.txt".into(), b"text".to_vec())]), noise(1, 1_100_000)].concat();
    let list = divide(&file, &Chunking::default());
    assert_eq!(list.last().unwrap().signature.len(), 12);
}

#[test]
fn sizes_behind_the_data_come_from_the_central_directory() {
    // The writer that cannot seek sets the flag of a descriptor.
    let mut file = zip_file(&[("a.png".into(), noise(1, 9_000)), ("b.txt".into(), b"b".to_vec())]);
    file[6] |= 8;
    file[14..26].fill(0);
    let list = divide(&file, &Chunking::default());
    assert_eq!(list.len(), 4);
    assert_eq!(list[1].data.len(), 9_000);
    assert_eq!(list[1].signature.len(), 20);
}

#[test]
fn damaged_zip_files_are_divided_without_loss() {
    let file = pptx(3, 6_000, None);
    for place in (0..file.len()).step_by(41) {
        let mut file = file.clone();
        file[place] ^= 0xFF;
        divide(&file, &Chunking::default());
        divide(&file[..place], &Chunking::default());
    }
}

/// Chunks as a large file has them, for a file of any size.
fn simple(unique_above_bytes: usize) -> Chunking {
    Chunking { simple_from_bytes: 0, unique_above_bytes, ..Chunking::default() }
}

#[test]
fn large_files_have_parts_of_1_mb_with_sha_1() {
    let file = noise(4, 2_500_000);
    let list = divide(&file, &simple(file.len()));
    let lens: Vec<_> = list.iter().map(|chunk| chunk.data.len()).collect();
    assert_eq!(lens, [1 << 20, 1 << 20, 2_500_000 - (2 << 20)]);
    assert!(list.iter().all(|chunk| chunk.signature[..] == sha1(&chunk.data)));
}

#[test]
fn the_largest_files_have_parts_with_12_unique_bytes() {
    let file = noise(4, 2_500_000);
    let list = divide(&file, &simple(file.len() - 1));
    assert!(list.iter().all(|chunk| chunk.signature.len() == 12));
    assert!(list[0].signature != list[1].signature);
    let Chunking { simple_from_bytes, unique_above_bytes, .. } = Chunking::default();
    assert_eq!([simple_from_bytes, unique_above_bytes], [100 << 20, 250 << 20]);
}

#[test]
fn other_files_are_divided_by_their_content() {
    let file = noise(4, 2_500_000);
    let list = divide(&file, &Chunking::default());
    assert!((40..250).contains(&list.len()), "{}", list.len());
    assert!(list.iter().all(|chunk| chunk.signature[..] == sha1(&chunk.data)));
    assert!(list.iter().all(|chunk| (1..=65_535).contains(&chunk.data.len())));
    // Bytes that are all equal have no cuts.
    let zeros = divide(&[0; 200_000], &Chunking::default());
    let lens: Vec<_> = zeros.iter().map(|chunk| chunk.data.len()).collect();
    assert_eq!(lens, [65_535, 65_535, 65_535, 3_395]);
}

#[test]
fn an_inserted_byte_moves_few_cuts() {
    let file = noise(9, 600_000);
    let ends = |file: &[u8]| {
        let list = divide(file, &Chunking::default());
        let ends = list.iter().scan(0, |end, chunk| {
            *end += chunk.data.len();
            Some(*end)
        });
        ends.collect::<Vec<_>>()
    };
    let before = ends(&file);
    let mut edited = file;
    edited.insert(300_000, 0x55);
    let after = ends(&edited);
    let kept = before.iter().filter(|end| after.contains(&(**end + usize::from(**end > 300_000))));
    let kept = kept.count();
    assert!(kept + 4 >= before.len() && before.len() >= 10, "{kept} of {}", before.len());
}

#[test]
fn files_around_the_window_and_horizon_sizes_lose_nothing() {
    let file = noise(2, 70_000);
    for size in [1, 47, 48, 49, 16_383, 16_384, 16_385, 32_768, 32_769, 65_535, 65_536, 70_000] {
        divide(&file[..size], &Chunking::default());
    }
}

#[test]
fn an_empty_file_is_one_empty_leaf() {
    let list = divide(b"", &Chunking::default());
    assert_eq!(list.len(), 1);
    assert!(list[0].signature.is_empty());
    let node = Node { leaf: true, signature: Default::default(), size: 0, hash: None };
    let bytes = node.to_bytes();
    assert_eq!(bytes[..5], [0xFC, 0x00, 0x08, 0x03, 0x00]);
    assert_eq!(Node::read(&bytes.into()).unwrap(), node);
}

#[test]
fn the_hash_of_nothing_is_zero_and_blocks_are_rotated() {
    assert_eq!(xor_hash(b""), [0; 20]);
    // One block is reversed.
    let block: Vec<u8> = (1..=20).collect();
    let mut reversed = block.clone();
    reversed.reverse();
    assert_eq!(xor_hash(&block)[..], reversed);
    // The second block is rotated by 11 bits: byte 0 moves to bits 11 to 18.
    let mut second = vec![0; 40];
    second[20] = 0xFF;
    let mut expected = [0; 20];
    expected[1] = 0xF8;
    expected[2] = 0x07;
    expected.reverse();
    assert_eq!(xor_hash(&second), expected);
}

/// Reads files outside the project; see `support::outside`.
#[test]
fn an_empty_file_of_sharepoint_has_a_hash_of_zeros() {
    let Some(bytes) = outside("cellbridge/response-open-1334.bin") else { return };
    let response = fsshttpb::message::Response::read(&bytes).unwrap();
    assert_eq!(Store::from_response(&response).unwrap().file().unwrap(), b"");
    let data = response.elements().iter().filter_map(|element| {
        element.child::<types::ObjectGroupData>()?.first::<types::ObjectData>()
    });
    let nodes: Vec<_> = data.filter_map(|object| Node::read(&object.data.0).ok()).collect();
    let leaf = nodes.iter().find(|node| node.leaf).unwrap();
    assert_eq!(leaf.hash.as_deref(), Some(&xor_hash(b"")[..]));
}

#[test]
fn nodes_of_a_document_are_those_of_the_format() {
    let store = Store::from_file(&docx()).unwrap();
    let storage = store.partition(types::Partition::CONTENTS).unwrap();
    let sizes: u64 = storage
        .elements()
        .flat_map(|element| &element.content)
        .flat_map(|part| part.all::<types::ObjectData>())
        .filter_map(|object| Node::read(&object.data.0).ok())
        .filter(|node| node.leaf)
        .map(|node| node.size)
        .sum();
    assert_eq!(sizes, docx().len() as u64);
}
