//! Our interfaces are those of the specification, method by method.

use psom::{Interface, InterfaceDesc, interface::Notation};
use psom_objects::interfaces::*;

/// The specification's definitions, one block each, without blanks, comments and children: what
/// has to agree.
fn specified() -> Vec<String> {
    let text = include_str!("../../data/interfaces.idl");
    let blocks = text.split("[Name=").skip(1);
    blocks
        .map(|block| normal(&format!("[Name={}", block.split("Children").next().unwrap())))
        .collect()
}

/// Everything but what is written for people: blanks, closing braces, comments.
fn normal(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, comment)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = comment.split_once("*/").unwrap().1;
    }
    plain.push_str(rest);
    // The names of two blocks are not the last parts of their interfaces' names.
    let plain: String = plain.lines().filter(|line| !line.contains("DOInterface")).collect();
    plain.chars().filter(|c| !c.is_whitespace() && *c != '}').collect()
}

#[test]
fn every_interface_is_the_specification_s() {
    fn desc<I: Interface>() -> &'static InterfaceDesc {
        I::DESC
    }
    let interfaces = [
        (desc::<MeetingServerProxy>(), desc::<MeetingClientProxy>(), &[2][..]),
        (desc::<ContentUserManagerServerProxy>(), desc::<ContentUserManagerClientProxy>(), &[1]),
        (desc::<ContentManagerServerProxy>(), desc::<ContentManagerClientProxy>(), &[2]),
        (desc::<ContentServerProxy>(), desc::<ContentClientProxy>(), &[1, 10]),
        (desc::<UploadManagerServerProxy>(), desc::<UploadManagerClientProxy>(), &[1, 2]),
        (desc::<UploadStreamServerProxy>(), desc::<UploadStreamClientProxy>(), &[1]),
        (
            desc::<NativeFileOnlyContentServerProxy>(),
            desc::<NativeFileOnlyContentClientProxy>(),
            &[1],
        ),
    ];
    let specified = specified();
    for (server, client, versions) in interfaces {
        for &version in versions {
            let ours = normal(&Notation { server, client, version }.to_string());
            assert!(specified.contains(&ours), "{} version {version}:\n{ours}", server.name);
        }
    }
}
