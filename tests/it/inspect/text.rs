//! Parsing and printing of interface definitions.

use proptest::{collection::vec, option, prelude::*};
use psom_inspect::idl::{Block, Child, Document, Element, Half, Line, Method, Param, Type};
use psom_objects::interfaces::catalog;

fn parse(text: &str) -> Document {
    match Document::parse(text) {
        Ok(document) => document,
        Err(error) => panic!("{error}\n{text}"),
    }
}

fn refuse(text: &str) -> String {
    Document::parse(text).unwrap_err().to_string()
}

#[test]
fn built_in_definitions_print_and_parse_back() {
    let built_in: Document = catalog().iter().collect();
    assert_eq!(built_in.blocks.len(), 17);
    assert_eq!(parse(&built_in.to_string()), built_in);
}

#[test]
fn layout_comments_and_short_names_are_free() {
    let plain = parse(
        "[Name=\"A.Toy\", Version=3]\nDOInterface Toy {\n\
         [Hash=-5] ServerInterface { void sRoll(Int32 far, String[][] why); }\n\
         [Hash=7] ClientInterface { void cRolled(Byte[] data, Int32 /* Side */ side, Boolean up); }\n\
         Children { (\"part.X\", A.Part) }\n}\n",
    );
    let other = parse(
        "\u{feff}// by hand\r\n[ Version = 3 , Name = \"A.Toy\" ]\r\nDOInterface Toy\r\n{\r\n\
         [Hash=-5L]\tServerInterface{sRoll(int far,string [ ] [] why);}/* the other half */\r\n\
         [Hash=7l] ClientInterface\n{\n cRolled ( byte[] data, Sides.Side side,\n bool up ) ; // so\n}\n\
         Children{(part.X,A.Part)}}",
    );
    assert_eq!(plain, other);
    let toy = &plain.blocks[0];
    let roll = &toy.server.methods[0];
    assert_eq!((roll.params[0].kind.element, roll.params[1].kind.dimensions), (Element::Int32, 2));
    assert_eq!(toy.client.methods[0].params[1].kind.enumeration.as_deref(), Some("Side"));
    assert_eq!(toy.line.0, 1);
    assert_eq!(other.blocks[0].client.methods[0].line.0, 8);
}

#[test]
fn comment_does_not_change_a_type() {
    let text = "[Name=\"T\", Version=1] DOInterface T { ServerInterface { \
                a(Int32 /* QnaOpenState */ b, Int32[] /* X */ c, String /* not one */ d, \
                Int64 /* two words */ e); } ClientInterface { } }";
    let document = parse(text);
    let types: Vec<_> =
        document.blocks[0].server.methods[0].params.iter().map(|it| &it.kind).collect();
    let names: Vec<_> = types.iter().map(|it| it.enumeration.as_deref()).collect();
    assert_eq!(names, [Some("QnaOpenState"), Some("X"), None, None]);
    let elements: Vec<_> = types.iter().map(|it| it.element).collect();
    assert_eq!(elements, [Element::Int32, Element::Int32, Element::String, Element::Int64]);
    assert_eq!(document.blocks[0].server.hash, None);
}

#[test]
fn syntax_error_names_its_line_and_expectation() {
    let body = "DOInterface T {\n[Hash=1]\nServerInterface {\n";
    let head = format!("[Name=\"T\", Version=1]\n{body}");
    for (text, why) in [
        ("DOInterface T".to_owned(), "line 1: expected `[`, found `DOInterface`"),
        ("[Name=\"T\"]".into(), "line 1: expected `Name` and `Version`, found `]`"),
        ("[Name=T, Version=1]".into(), "line 1: expected a name in quotes, found `T`"),
        ("[Name=\"\", Version=1]".into(), "line 1: expected a name that is not empty, found \"\""),
        ("[Name=\"T\", Version=0]".into(), "line 1: expected a version above 0, found `0`"),
        (
            "[Name=\"T\", Name=\"U\"]".into(),
            "line 1: expected `Name` and `Version`, once each, found `Name`",
        ),
        (
            "[Name=\"T\nU\", Version=1]".into(),
            "line 1: expected a closing `\"`, found none on the line",
        ),
        (format!("{head}/* no end"), "line 5: expected `*/`, found the end of the text"),
        (head.clone(), "line 5: expected a method or `}`, found the end of the text"),
        (format!("{head}void s(Int33 a);"), "line 5: expected a type, found `Int33`"),
        (format!("{head}void s(Int32);"), "line 5: expected the name of a parameter, found `)`"),
        (format!("{head}void s(Int32[ a);"), "line 5: expected `]`, found `a`"),
        (format!("{head}void s(Int32 a)\n}}"), "line 6: expected `;`, found `}`"),
        (format!("{head}void;"), "line 5: expected the name of a method, found `;`"),
        (
            format!("{head}}}\nServerInterface {{"),
            "line 6: expected `ClientInterface`, found `ServerInterface`",
        ),
        (
            head.replace("=1]\nS", "=99999999999999999999]\nS"),
            "line 3: expected a hash of 64 bits, found `99999999999999999999`",
        ),
        (
            format!("{head}}}\nClientInterface {{}}\nChildren {{ content }}"),
            "line 7: expected `(` or `}`, found `content`",
        ),
        (
            format!("{head}}}\nClientInterface {{}}\nOffspring"),
            "line 7: expected `Children`, found `Offspring`",
        ),
        ("[\u{1b}".into(), "line 1: expected `Name` and `Version`, once each, found `\\u{1b}`"),
    ] {
        assert_eq!(refuse(&text), why, "{text}");
    }
}

#[test]
fn deeply_nested_array_type_is_read() {
    let text = "[".repeat(1_000_000);
    assert!(refuse(&text).starts_with("line 1:"));
    let text = format!(
        "[Name=\"T\",Version=1]DOInterface T{{ServerInterface{{a(Int32{} b);}}ClientInterface{{}}}}",
        "[]".repeat(100_000)
    );
    assert_eq!(parse(&text).blocks[0].server.methods[0].params[0].kind.dimensions, 100_000);
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z_][a-zA-Z0-9_]{0,12}"
}

fn kind() -> impl Strategy<Value = Type> {
    let elements = prop::sample::select(vec![
        Element::Boolean,
        Element::Byte,
        Element::Int16,
        Element::Int32,
        Element::Int64,
        Element::UInt32,
        Element::UInt64,
        Element::Double,
        Element::String,
        Element::DistributedObject,
    ]);
    (elements, 0..4usize, option::of(name())).prop_map(|(element, dimensions, enumeration)| {
        let enumeration = enumeration.filter(|_| element == Element::Int32);
        Type { element, dimensions, enumeration }
    })
}

fn half() -> impl Strategy<Value = Half> {
    let params = vec((name(), kind()).prop_map(|(name, kind)| Param { name, kind }), 0..5);
    let method = (name().prop_filter("a name", |name| name != "void"), params)
        .prop_map(|(name, params)| Method { line: Line(0), name, params });
    (any::<Option<i64>>(), vec(method, 0..5)).prop_map(|(hash, methods)| Half {
        line: Line(0),
        hash,
        methods,
    })
}

fn block() -> impl Strategy<Value = Block> {
    let child = ("[a-zA-Z.{} ]{0,20}", "[a-zA-Z.-]{1,20}");
    let child = child.prop_map(|(part, kind)| Child { line: Line(0), part, kind });
    (("[^\"\\r\\n]{1,20}", 1..i32::MAX, name()), half(), half(), vec(child, 0..3)).prop_map(
        |((name, version, title), server, client, children)| Block {
            line: Line(0),
            name,
            version,
            title,
            server,
            client,
            children,
        },
    )
}

proptest! {
    #[test]
    fn printed_definitions_parse_back(blocks in vec(block(), 0..4)) {
        let document = Document { blocks };
        let text = document.to_string();
        prop_assert_eq!(Document::parse(&text), Ok(document), "{}", text);
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,200}") {
        let _ = Document::parse(&text);
    }

    #[test]
    fn almost_valid_definition_is_parsed_or_refused(
        at in any::<prop::sample::Index>(),
        length in 0..30usize,
        put in "[\\[\\](){}\",;=/*a-z0-9 \\n]{0,10}",
    ) {
        let mut text: Vec<_> = include_str!("../../data/interfaces.idl").chars().collect();
        let at = at.index(text.len());
        let end = text.len().min(at + length);
        text.splice(at..end, put.chars());
        let _ = Document::parse(&String::from_iter(text));
    }
}
