//! Splits a text into the parts that get a pseudonym (words, numbers, ids) and the characters between them, which
//! stay. It must never lose or change a character: the parts joined are the text.

use unicode_normalization::char::is_combining_mark;

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// Letters.
    Word(&'t str),
    /// Decimal digits.
    Number(&'t str),
    /// An object id with its hyphens, or the same 32 hexadecimal digits without them. Entra writes the second form in
    /// front of the name of a deleted user.
    Guid(&'t str),
    /// A long run of hexadecimal digits.
    Hex(&'t str),
    /// Letters and digits in another order than a word with a number behind it.
    Mixed(&'t str),
    /// Everything else: blanks and punctuation.
    Between(&'t str),
}

impl<'t> Token<'t> {
    /// The text of the token.
    pub(super) fn text(self) -> &'t str {
        match self {
            Self::Word(text)
            | Self::Number(text)
            | Self::Guid(text)
            | Self::Hex(text)
            | Self::Mixed(text)
            | Self::Between(text) => text,
        }
    }
}

/// A shorter run of hexadecimal digits may be a word or a short name.
const MIN_HEX: usize = 16;
const GUID_CHARS: usize = 36;
const COMPACT_GUID_CHARS: usize = 32;

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut all = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let token = next(rest);
        // Every token takes at least one character.
        let Some(left) = rest.get(token.text().len()..).filter(|_| !token.text().is_empty()) else { break };
        all.push(token);
        rest = left;
    }
    all
}

fn next(rest: &str) -> Token<'_> {
    let run = leading(rest, |c| c.is_alphanumeric() || is_combining_mark(c));
    if run.is_empty() {
        return Token::Between(leading(rest, |c| !(c.is_alphanumeric() || is_combining_mark(c))));
    }
    if let Some(guid) = rest.get(..GUID_CHARS).filter(|text| is_guid(text)) {
        return Token::Guid(guid);
    }
    if let Some(guid) = run.get(..COMPACT_GUID_CHARS).filter(|text| is_hex(text)) {
        return Token::Guid(guid);
    }
    let (digits, letters) = (leading(run, is_digit), leading(run, |c| !is_digit(c)));
    if digits.len() == run.len() {
        return Token::Number(run);
    }
    let behind = run.get(letters.len()..).unwrap_or_default();
    if !letters.is_empty() && behind.chars().all(is_digit) {
        return Token::Word(letters);
    }
    if run.len() >= MIN_HEX && is_hex(run) {
        return Token::Hex(run);
    }
    if run.is_ascii() {
        return Token::Mixed(run);
    }
    if digits.is_empty() { Token::Word(letters) } else { Token::Number(digits) }
}

fn leading(text: &str, is: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !is(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn is_hex(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_hexdigit())
}

fn is_guid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::{Token, tokens};

    #[test]
    fn every_part_is_recognized() {
        let guid = "0F1c3c5e-8c5e-4d0e-9d35-2f2a6d1d6a11";
        let compact = "0f1c3c5e8c5e4d0e9d352f2a6d1d6a11";
        assert_eq!(tokens(guid), [Token::Guid(guid)]);
        let deleted = format!("{compact}jane@x");
        let expected = [Token::Guid(compact), Token::Word("jane"), Token::Between("@"), Token::Word("x")];
        assert_eq!(tokens(&deleted), expected);
        assert_eq!(tokens("jane07"), [Token::Word("jane"), Token::Number("07")]);
        assert_eq!(tokens("9a1jj823"), [Token::Mixed("9a1jj823")]);
        assert_eq!(tokens("5e5f6a63157ed50cd2b9eaca"), [Token::Hex("5e5f6a63157ed50cd2b9eaca")]);
        assert_eq!(tokens("1é2"), [Token::Number("1"), Token::Word("é"), Token::Number("2")]);
    }

    proptest::proptest! {
        #[test]
        fn no_character_is_lost(text in ".{0,60}") {
            let joined: String = tokens(&text).into_iter().map(Token::text).collect();
            proptest::prop_assert_eq!(joined, text);
        }
    }
}
