mod follow;
mod model;

pub(super) use follow::QnaContent;
pub use model::{Answer, Qna, QnaEvent, Question};
