//! The table from tokens to pseudonyms. It has two phases: first every token of the evidence is collected, then each
//! gets a pseudonym that is no token of the evidence. Two tokens must never get the same pseudonym, and a pseudonym
//! must not show the token that it stands for. Spellings that differ by case or accents differ in the same way
//! afterwards.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::token::{Token, tokens};

/// The key from which the pseudonyms of one bundle are derived. It is random and is not kept, so nobody can compute
/// the pseudonym of a known name.
pub type Key = [u8; 32];

const CONSONANTS: &[u8] = b"bdfgklmnprstvz";
const VOWELS: &[u8] = b"aeiou";
/// Letters for tokens outside ASCII. `NormalizeDiacritics` changes none of them, as it changes none of the letters that
/// they stand for.
const OTHER_LETTERS: &[char] = &['ø', 'æ', 'đ', 'ł', 'ŋ', 'þ', 'œ', 'ħ', 'ŧ'];
/// Every word gets at least this many letters.
const MIN_LETTERS: usize = 6;
/// Every number gets at least this many digits.
const MIN_DIGITS: usize = 4;

/// The kinds of tokens. Each has pseudonyms of its own form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Word,
    Number,
    Guid,
    /// With the number of digits.
    Hex(usize),
    Mixed,
}

/// The table.
#[derive(Debug)]
pub(super) struct Pseudonyms {
    key: Key,
    collected: BTreeMap<Kind, BTreeSet<String>>,
    /// Filled at the end of the first phase.
    table: BTreeMap<(Kind, String), String>,
}

impl Pseudonyms {
    pub(super) fn new(key: Key) -> Self {
        Self { key, collected: BTreeMap::new(), table: BTreeMap::new() }
    }

    /// First phase: takes every token of a text.
    pub(super) fn collect(&mut self, text: &str) {
        for token in tokens(text) {
            if let Some((kind, base)) = base(token) {
                self.collected.entry(kind).or_default().insert(base);
            }
        }
    }

    /// Ends the first phase. Object ids keep their order, because the first of several equal candidates may be chosen
    /// by id.
    pub(super) fn assign(&mut self) {
        let known: BTreeSet<String> = self.collected.values().flatten().cloned().collect();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        for (kind, originals) in std::mem::take(&mut self.collected) {
            let mut made: Vec<String> = Vec::new();
            for original in &originals {
                let name = (0..u64::MAX)
                    .map(|attempt| self.candidate(kind, original, attempt))
                    .find(|name| !known.contains(name) && taken.insert(name.clone()));
                made.extend(name);
            }
            if matches!(kind, Kind::Guid | Kind::Hex(_)) {
                made.sort();
            }
            self.table.extend(originals.into_iter().map(|original| (kind, original)).zip(made));
        }
    }

    /// Second phase: the text with every token replaced.
    pub(super) fn replaced(&self, text: &str) -> String {
        tokens(text).into_iter().map(|token| self.token(token)).collect()
    }

    /// Second phase: one token replaced.
    pub(super) fn token(&self, token: Token<'_>) -> String {
        let Some((kind, base)) = base(token) else { return token.text().to_owned() };
        // A token that was not collected does not occur in the evidence.
        let attempt = || self.candidate(kind, &base, 0);
        let name = self.table.get(&(kind, base.clone())).cloned().unwrap_or_else(attempt);
        match token {
            Token::Word(spelled) => respelled(&name, spelled),
            Token::Guid(spelled) if spelled.contains('-') => with_hyphens(&cased(&name, spelled)),
            Token::Guid(spelled) | Token::Hex(spelled) => cased(&name, spelled),
            Token::Mixed(spelled) => {
                let mut likes = spelled.chars();
                name.chars().map(|c| case_of(c, likes.next())).collect()
            }
            Token::Number(_) | Token::Between(_) => name,
        }
    }

    fn candidate(&self, kind: Kind, original: &str, attempt: u64) -> String {
        let mut random = Random::new(&self.key, kind, original, attempt);
        match kind {
            Kind::Word => word(original, attempt, &mut random),
            Kind::Number => {
                let count = original.len().max(MIN_DIGITS) + usize::from(attempt > 20);
                let first = char::from(b'1' + random.below(9));
                std::iter::once(first).chain((1..count).map(|_| random.digit(10))).collect()
            }
            Kind::Guid => {
                // The version and variant digits of a random GUID.
                let digit = |at: usize, random: &mut Random| match at {
                    12 => '4',
                    16 => char::from_digit(u32::from(8 + random.below(4)), 16).unwrap_or('8'),
                    _ => random.digit(16),
                };
                (0..32).map(|at| digit(at, &mut random)).collect()
            }
            Kind::Hex(count) => (0..count).map(|_| random.digit(16)).collect(),
            Kind::Mixed => {
                let like = |c: char, random: &mut Random| {
                    if c.is_ascii_digit() { random.digit(10) } else { char::from(b'a' + random.below(26)) }
                };
                let same: String = original.chars().map(|c| like(c, &mut random)).collect();
                // Few short texts have the same form, so the last attempts are longer.
                if attempt > 20 { format!("{same}{}", random.digit(10)) } else { same }
            }
        }
    }
}

/// The kind of a token, with its spelling without case and accents.
fn base(token: Token<'_>) -> Option<(Kind, String)> {
    let lower = |text: &str| text.to_ascii_lowercase();
    Some(match token {
        Token::Word(text) => {
            let plain: String = text.nfd().filter(|c| !is_combining_mark(*c)).collect();
            (Kind::Word, plain.to_lowercase())
        }
        Token::Number(text) => (Kind::Number, text.to_owned()),
        Token::Guid(text) => (Kind::Guid, lower(&text.replace('-', ""))),
        Token::Hex(text) => (Kind::Hex(text.len()), lower(text)),
        Token::Mixed(text) => (Kind::Mixed, lower(text)),
        Token::Between(_) => return None,
    })
}

/// A word of syllables. A letter outside ASCII stays outside ASCII.
fn word(original: &str, attempt: u64, random: &mut Random) -> String {
    let letters = original.chars().count().max(MIN_LETTERS) + if attempt > 20 { 2 } else { 0 };
    let syllables = letters.div_ceil(2);
    let pick = |from: &[u8], random: &mut Random| {
        let count = u8::try_from(from.len()).unwrap_or(u8::MAX);
        from.get(usize::from(random.below(count))).copied().map_or('a', char::from)
    };
    let mut plain: Vec<char> = Vec::new();
    for _ in 0..syllables {
        plain.push(pick(CONSONANTS, random));
        plain.push(pick(VOWELS, random));
    }
    for (letter, like) in plain.iter_mut().zip(original.chars()) {
        if !like.is_ascii() {
            let at = random.below(u8::try_from(OTHER_LETTERS.len()).unwrap_or(1));
            *letter = OTHER_LETTERS.get(usize::from(at)).copied().unwrap_or('ø');
        }
    }
    plain.into_iter().collect()
}

/// A pseudonym spelled like a word: with its upper-case letters, its accents, and in its Unicode form.
fn respelled(name: &str, spelled: &str) -> String {
    let decomposed: Vec<char> = spelled.nfd().collect();
    let letters: Vec<char> = decomposed.iter().copied().filter(|c| !is_combining_mark(*c)).collect();
    let all_upper = letters.iter().all(|c| c.is_uppercase());
    let mut text = String::new();
    let mut rest = decomposed.as_slice();
    for letter in name.chars() {
        let like = match rest {
            [like, behind @ ..] if !is_combining_mark(*like) => {
                rest = behind;
                Some(*like)
            }
            _ => None,
        };
        let upper = like.map_or(all_upper && !letters.is_empty(), char::is_uppercase);
        if upper {
            text.extend(letter.to_uppercase())
        } else {
            text.push(letter)
        }
        while let [mark, behind @ ..] = rest {
            if !is_combining_mark(*mark) {
                break;
            }
            text.push(*mark);
            rest = behind;
        }
    }
    let is_composed = spelled.nfc().eq(spelled.chars());
    if is_composed { text.nfc().collect() } else { text }
}

/// Hexadecimal digits in the case of a spelling.
fn cased(name: &str, spelled: &str) -> String {
    let upper = spelled.chars().any(|c| c.is_ascii_uppercase());
    let lower = spelled.chars().any(|c| c.is_ascii_lowercase());
    if upper && !lower { name.to_ascii_uppercase() } else { name.to_owned() }
}

fn case_of(c: char, like: Option<char>) -> char {
    if like.is_some_and(|like| like.is_ascii_uppercase()) { c.to_ascii_uppercase() } else { c }
}

fn with_hyphens(digits: &str) -> String {
    let hyphen = |at: usize| matches!(at, 8 | 12 | 16 | 20);
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if hyphen(at) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

/// Bytes that depend on the key, the token and the attempt.
struct Random {
    seed: [u8; 32],
    block: u64,
    bytes: Vec<u8>,
}

impl Random {
    fn new(key: &Key, kind: Kind, original: &str, attempt: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(key);
        hash.update(format!("\n{kind:?}\n{attempt}\n{original}"));
        Self { seed: hash.finalize().into(), block: 0, bytes: Vec::new() }
    }

    /// A number below a bound. The small bias does not matter here.
    fn below(&mut self, bound: u8) -> u8 {
        let byte = self.bytes.pop().unwrap_or_else(|| {
            let mut hash = Sha256::new();
            hash.update(self.seed);
            hash.update(self.block.to_be_bytes());
            self.block = self.block.wrapping_add(1);
            self.bytes = hash.finalize().to_vec();
            self.bytes.pop().unwrap_or_default()
        });
        byte % bound.max(1)
    }

    fn digit(&mut self, base: u8) -> char {
        char::from_digit(u32::from(self.below(base)), u32::from(base)).unwrap_or('0')
    }
}

#[cfg(test)]
#[path = "pseudonyms_tests.rs"]
mod tests;
