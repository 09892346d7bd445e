use std::{collections::HashMap, time::Duration};

use psom::{Handle, psom_interface};

struct Room;

#[psom_interface(name = "Example.Hint", version = 1, hash = 1)]
trait HintServer {
    fn s_handle(&mut self, room: Handle<Room>);
    fn s_map(&mut self, votes: HashMap<i64, i32>);
    fn s_f32(&mut self, x: f32);
    fn s_usize(&mut self, count: usize);
    fn s_list_of_usize(&mut self, counts: Vec<usize>);
    fn s_slice_of_usize(&mut self, counts: &[usize]);
    fn s_option_of_f32(&mut self, x: Option<f32>);
    fn s_u16(&mut self, port: u16);
    fn s_u128(&mut self, id: u128);
    fn s_char(&mut self, letter: char);
    fn s_time(&mut self, delay: Duration);
    fn s_tuples(&mut self, pairs: Vec<(i32, i32)>);
}

fn main() {}
