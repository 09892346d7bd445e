//! Lists of records and optional values that a peer encodes in a wrong way.

use psom::{
    Config, Context, Error, PsomType, distributed_object,
    error::DecodeError,
    psom_interface,
    testing::Pair,
    wire::{Decode, Decoder},
};

#[derive(Debug, PartialEq, PsomType)]
struct Vote {
    user: i64,
    choice: i32,
}

fn decode<T: Decode>(bytes: &[u8]) -> Result<T, DecodeError> {
    let bytes = bytes::Bytes::copy_from_slice(bytes);
    let mut input = Decoder::new(&bytes);
    let value = T::decode(&mut input)?;
    input.finish().map(|_| value)
}

#[test]
fn columns_have_equal_lengths() {
    let votes = vec![Vote { user: 1, choice: 3 }, Vote { user: 2, choice: 4 }];
    assert_eq!(decode(&[2, 1, 2, 2, 3, 4]), Ok(votes));
    assert_eq!(decode::<Vec<Vote>>(&[2, 1, 2, 1, 3]), Err(DecodeError::ColumnCount));
    assert_eq!(decode::<Vec<Vote>>(&[1, 1, 2, 3, 4]), Err(DecodeError::ColumnCount));
    assert_eq!(decode::<Vec<Vote>>(&[2, 1, 2, 3, 3, 4]), Err(DecodeError::CountTooLarge));
    assert_eq!(decode::<Vec<Vote>>(&[0, 0]), Ok(Vec::new()));
}

#[test]
fn optional_value_has_at_most_one_element() {
    assert_eq!(decode::<Option<i32>>(&[0]), Ok(None));
    assert_eq!(decode::<Option<i32>>(&[1, 7]), Ok(Some(7)));
    assert_eq!(decode::<Option<i32>>(&[2, 7, 8]), Err(DecodeError::OptionCount));
    assert_eq!(decode::<Option<Vote>>(&[1, 1, 1, 3]), Ok(Some(Vote { user: 1, choice: 3 })));
    assert_eq!(decode::<Option<Vote>>(&[2, 1, 2, 2, 3, 4]), Err(DecodeError::OptionCount));
    assert_eq!(decode::<Option<i32>>(&[0xff]), Err(DecodeError::NegativeCount));
}

#[psom_interface(name = "Test.Votes", version = 1, hash = 0x77a1_e0d3_b95c_4f28)]
trait VotesServer {
    fn s_votes(&mut self, cx: &mut Context<Self>, votes: Vec<Vote>);
}

#[psom_interface(name = "Test.Votes", version = 1, hash = 0x5c38_1f9d_02be_a764)]
trait VotesClient {}

/// The same interface, with parameters of which the lengths can differ.
#[psom_interface(name = "Test.Votes", version = 1, hash = 0x77a1_e0d3_b95c_4f28)]
#[expect(dead_code, reason = "only its proxy is used")]
trait WrongServer {
    fn s_votes(&mut self, users: Vec<i64>, choices: Vec<i32>);
}

#[distributed_object(serves = VotesServer, calls = VotesClient)]
struct Server;

impl VotesServer for Server {
    fn s_votes(&mut self, _: &mut Context<Self>, _: Vec<Vote>) {
        panic!("the call does not decode");
    }
}

#[distributed_object(serves = VotesClient, calls = WrongServer)]
struct Client;

impl VotesClient for Client {}

#[test]
fn peer_that_sends_columns_of_different_lengths_is_cut_off() {
    let mut pair = Pair::server(Config::default(), |_| Server);
    pair.join(|_| Client);
    pair.on_client(0, |_, cx| drop(cx.server().s_votes(&[1, 2], &[3])));
    assert_eq!(pair.server_error(0), Some(&Error::Decode(DecodeError::ColumnCount)));
}
