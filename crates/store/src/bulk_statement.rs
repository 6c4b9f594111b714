//! Statements of many rows: whatever is written together is one statement, because each is a way there and back to the
//! thread or the server that works on it. A few texts are prepared for whatever number comes; rows that stay empty are
//! null and must touch nothing. A text is made of numbers and of what stands in the program, so no value can ever
//! become a part of it.

use std::iter::repeat_n;
use std::sync::OnceLock;

/// Rows of a statement, smallest first.
const ROW_COUNTS: [usize; 4] = [1, 4, 16, MAX_ROWS];
/// More rows than this are more than one statement.
const MAX_ROWS: usize = 64;

/// The same statement for each number of rows.
pub(super) struct Statements {
    before: &'static str,
    given: usize,
    columns: usize,
    after: &'static str,
    texts: [OnceLock<String>; ROW_COUNTS.len()],
}

impl Statements {
    /// `before (VALUES ($1, …), …) after`. So many parameters are `given` before the rows, which have so many columns.
    pub(super) const fn new(before: &'static str, given: usize, columns: usize, after: &'static str) -> Self {
        Self { before, given, columns, after, texts: [const { OnceLock::new() }; ROW_COUNTS.len()] }
    }

    /// What is to be written, cut into pieces of one statement each: its text, and for each of its rows what belongs
    /// there, or none.
    pub(super) fn pieces<'a, T>(
        &'static self,
        all: &'a [T],
    ) -> impl Iterator<Item = (&'static str, impl Iterator<Item = Option<&'a T>>)> {
        all.chunks(MAX_ROWS).filter_map(|rows| {
            let (size, text) =
                ROW_COUNTS.into_iter().zip(&self.texts).find(|(size, _)| *size >= rows.len())?;
            let text = text.get_or_init(|| self.text(size)).as_str();
            Some((text, rows.iter().map(Some).chain(repeat_n(None, size - rows.len()))))
        })
    }

    fn text(&self, rows: usize) -> String {
        let row = |row: usize| {
            let before = self.given + row * self.columns;
            let numbers: Vec<_> = (1..=self.columns).map(|column| format!("${}", before + column)).collect();
            format!("({})", numbers.join(", "))
        };
        let rows: Vec<_> = (0..rows).map(row).collect();
        format!("{} (VALUES {}) {}", self.before, rows.join(", "), self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static PAIRS: Statements = Statements::new("INSERT INTO t SELECT * FROM", 0, 2, "AS new");
    static NAMES: Statements = Statements::new("DELETE FROM t WHERE b = $1 AND a IN", 1, 1, "");

    #[test]
    fn seventy_rows_are_one_statement_of_sixty_four_and_one_of_sixteen() {
        let numbers: Vec<usize> = (0..70).collect();
        let cut: Vec<_> =
            PAIRS.pieces(&numbers).map(|(text, rows)| (text, rows.collect::<Vec<_>>())).collect();
        let lengths: Vec<_> =
            cut.iter().map(|(_, rows)| (rows.len(), rows.iter().flatten().count())).collect();
        assert_eq!(lengths, [(64, 64), (16, 6)]);
        let written: Vec<_> = cut.iter().flat_map(|(_, rows)| rows.iter().flatten()).collect();
        assert!(written.into_iter().copied().eq(&numbers), "each once, in order");
        assert!(cut[0].0.ends_with("($125, $126), ($127, $128)) AS new"), "{}", cut[0].0);
        assert_eq!(PAIRS.pieces::<usize>(&[]).count(), 0);
    }

    #[test]
    fn rows_are_numbered_after_what_is_given() {
        let texts: Vec<_> =
            [1, 2].map(|count| NAMES.pieces(&[0; 2][..count]).next().unwrap().0.to_owned()).into();
        assert_eq!(
            texts,
            [
                "DELETE FROM t WHERE b = $1 AND a IN (VALUES ($2)) ",
                "DELETE FROM t WHERE b = $1 AND a IN (VALUES ($2), ($3), ($4), ($5)) "
            ]
        );
    }
}
