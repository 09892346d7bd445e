//! Packages, their parts, and the saved state of meetings.

use std::{collections::BTreeMap, io::Cursor, sync::Arc, time::SystemTime};

use psom::{Config, testing::Pair};
use psom_objects::{
    client::{Conference, Event},
    package::{Location, Manifest, OpcReader, Package, PackageLimits, RawXml},
    server::{Meeting, MeetingConfig},
    testing::MemoryStore,
};

/// Checks that a package is opened or refused, and that each of its files has the declared size.
pub fn package(bytes: &[u8]) {
    let limits = PackageLimits::default();
    let Ok(mut package) = Package::open(Cursor::new(bytes), &limits) else { return };
    let files: Vec<_> = package.files().map(|(name, size)| (name.to_owned(), size)).collect();
    for (name, size) in files {
        let mut content = Vec::new();
        if let Ok(copied) = package.copy_to(&name, &mut content) {
            assert_eq!((copied, content.len() as u64), (size, size));
        }
    }
}

/// Reads a manifest.
pub fn read_manifest(bytes: &[u8]) {
    let _ = Manifest::parse_bytes(bytes);
}

/// Checks that a manifest that is read can be written, and is then read as the same manifest.
pub fn manifest(bytes: &[u8]) {
    let Ok(manifest) = Manifest::parse_bytes(bytes) else { return };
    let xml = manifest.to_xml().expect("a manifest that was read");
    assert_eq!(Manifest::parse(&xml).expect("our own manifest"), manifest);
}

/// Checks that an element of a third party is kept unchanged.
pub fn raw_xml(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(xml) = text.parse::<RawXml>() else { return };
    let again: RawXml = xml.as_str().parse().expect("an element that was read");
    assert_eq!(again.as_str(), xml.as_str());
    for (name, value) in xml.attributes() {
        assert_eq!(xml.attribute(&name), Some(value));
    }
}

/// Checks that a location that is read can be written, and is then read as the same location.
pub fn location(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(location) = Location::parse(text) else { return };
    let xml = location.to_xml().expect("a location that was read");
    assert_eq!(Location::parse(&xml).expect("our own location"), location);
}

/// Checks that the container of an Office document is opened or refused.
pub fn opc(bytes: &[u8]) {
    let Ok(mut reader) = OpcReader::open(Cursor::new(bytes), &PackageLimits::default()) else {
        return;
    };
    for part in ["/[Content_Types].xml", "/ppt/presentation.xml"] {
        let _ = reader.part(part, 1 << 20);
    }
}

/// Checks that a meeting is restored from arbitrary rows or refuses them, and that a restored
/// meeting can be joined. The lines of the input are alternately keys and values.
pub fn journal_rows(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    let mut state = BTreeMap::new();
    while let (Some(key), Some(value)) = (lines.next(), lines.next()) {
        state.insert(key.to_owned(), value.to_owned());
    }
    let files = Arc::new(MemoryStore::default());
    let config = MeetingConfig::new("http://files/", files, SystemTime::UNIX_EPOCH);
    // Tests that the state can be restored without a panic. A refusal leaves an empty meeting.
    let mut pair = Pair::server(Config::default(), |scope| {
        Meeting::restore(scope, config.clone(), &state)
            .unwrap_or_else(|_| Meeting::new(scope, config.clone()))
    });
    let client = pair.join(|scope| Conference::new(scope, |_: Event| ()));
    assert_eq!(pair.client_error(client), None);
}
