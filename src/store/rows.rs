//! Statements of many rows. What is written together takes a few statements of eight rows each, and what is left over
//! one of a single row: two texts are prepared, whatever number comes. The texts are made when the program is built, so
//! no value can ever become a part of them.

/// Rows of one statement, largest first.
const ROWS: [usize; 2] = [8, 1];

/// The same statement for each number of [`ROWS`].
pub(super) type Statements = [&'static str; 2];

/// Cuts what is to be written into pieces for which there is a statement.
pub(super) fn pieces<T>(mut all: &[T], statements: Statements) -> Vec<(&[T], &'static str)> {
    let mut pieces = Vec::new();
    for (rows, statement) in ROWS.into_iter().zip(statements) {
        while let Some((piece, rest)) = all.split_at_checked(rows) {
            pieces.push((piece, statement));
            all = rest;
        }
    }
    pieces
}

/// Makes [`Statements`] of a beginning, the numbers of the parameters of each of eight rows, and an end. `one` before
/// the rows says that a row is a single value, for `IN (…)`.
macro_rules! statements {
    ($before:literal one $first:literal $($more:literal)+, $after:literal) => {
        [
            concat!($before, " ($", $first, $(", $", $more,)+ ") ", $after),
            concat!($before, " ($", $first, ") ", $after),
        ]
    };
    ($before:literal $(($first:literal $($n:literal)+))+, $after:literal) => {
        [
            $crate::store::rows::statements!(@rows $before " ($" $(($first $($n)+))+, $after),
            $crate::store::rows::statements!(@first $before $(($first $($n)+))+, $after),
        ]
    };
    (@rows $before:expr, $after:literal) => { concat!($before, " ", $after) };
    (@rows $before:literal $open:literal ($first:literal $($n:literal)+), $after:literal) => {
        concat!($before, $open, $first, $(", $", $n,)+ ") ", $after)
    };
    (@rows $before:literal $open:literal ($first:literal $($n:literal)+) $($rest:tt)+) => {
        concat!(
            $before, $open, $first, $(", $", $n,)+ ")",
            $crate::store::rows::statements!(@rows "" ", ($" $($rest)+)
        )
    };
    (@first $before:literal ($first:literal $($n:literal)+) $(($($other:literal)+))+, $after:literal) => {
        concat!($before, " ($", $first, $(", $", $n,)+ ") ", $after)
    };
}
pub(super) use statements;

#[cfg(test)]
mod tests {
    use super::*;

    const PAIRS: Statements = statements!(
        "INSERT INTO t (a, b) VALUES" (1 2)(3 4)(5 6)(7 8)(9 10)(11 12)(13 14)(15 16), "ON CONFLICT DO NOTHING");
    const NAMES: Statements = statements!("DELETE FROM t WHERE a IN" one 1 2 3 4 5 6 7 8, "");

    #[test]
    fn seventeen_rows_are_two_statements_of_eight_and_one_of_one() {
        let numbers: Vec<usize> = (0..17).collect();
        let cut: Vec<_> =
            pieces(&numbers, PAIRS).into_iter().map(|(rows, text)| (rows.len(), text)).collect();
        let one = "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        assert_eq!(cut.iter().map(|(rows, _)| *rows).collect::<Vec<_>>(), [8, 8, 1]);
        assert_eq!(cut.last().map(|(_, text)| *text), Some(one));
        assert_eq!(
            PAIRS[0],
            "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4), ($5, $6), ($7, $8), ($9, $10), ($11, $12), \
             ($13, $14), ($15, $16) ON CONFLICT DO NOTHING"
        );
        assert_eq!(NAMES[0], "DELETE FROM t WHERE a IN ($1, $2, $3, $4, $5, $6, $7, $8) ");
        assert_eq!(NAMES[1], "DELETE FROM t WHERE a IN ($1) ");
    }
}
