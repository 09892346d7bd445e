use super::*;

#[test]
fn too_many_telepointers_end_the_connection() {
    let mut stage = Stage::open();
    stage.board(|_, cx| {
        for user in 0..9_999 {
            cx.peers().c_set_telepointer("1,2", user, true);
            cx.peers().c_set_telepointer("1,2", -1, user % 2 == 0);
        }
    });
    stage.goes_on();
    stage.board(|_, cx| {
        for user in 9_999..10_002 {
            cx.peers().c_set_telepointer("1,2", user, true);
        }
    });
    stage.is_over("a board is too large");
}
