//! Tables with aligned columns.

use unicode_width::UnicodeWidthStr as _;

use super::out;
use crate::error::Result;

/// The spaces between two columns.
const GAP: usize = 2;

/// Prints rows under their headings. Characters that control a terminal are replaced.
pub(crate) fn print<const N: usize>(
    headings: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Result {
    lines(headings, rows).into_iter().try_for_each(out::line)
}

fn lines<const N: usize>(
    headings: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Vec<String> {
    let mut cells = vec![headings.map(str::to_owned)];
    cells.extend(rows.into_iter().map(|row| row.map(|cell| out::printable(&cell))));
    let mut widths = [0; N];
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let line = |row: [String; N]| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + GAP));
        }
        line.trim_end().to_owned()
    };
    cells.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn columns_are_aligned_by_display_width() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned);
        let found = lines(["NAME", "SIZE"], [row(["\u{6f22}\u{5b57}", "1"]), row(["a\u{1b}", ""])]);
        assert_eq!(found, ["NAME  SIZE", "\u{6f22}\u{5b57}  1", "a\u{fffd}"]);
    }
}
