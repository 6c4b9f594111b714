//! Replaces the texts of the evidence, each by the kind of text it is: a name, an id, a code of a vendor, or a sentence.
//! In a sentence, only known technical words stay; every other word may name a person and is replaced.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::pseudonyms::{Key, Pseudonyms};
use super::token::{Token, tokens};
use super::vocabulary;
use crate::diagnose::is_built_in_name;
use crate::evidence::CONFLICT_PHRASES;

/// A code of a vendor is not longer than this.
const MAX_CODE_CHARS: usize = 100;
/// A shorter value is not searched for in sentences, because it occurs in other words.
const MIN_SEARCHED_CHARS: usize = 3;
/// Numbers with more digits than a status code may be personal.
const MAX_PLAIN_DIGITS: usize = 3;

/// Replaces texts. It walks twice over the evidence: the first walk collects, the second replaces.
#[derive(Debug)]
pub(super) struct Pseudonymizer {
    names: Pseudonyms,
    is_collecting: bool,
    /// The words and numbers of names, addresses and ids of people, lower case. In a sentence they are replaced even if
    /// they are technical words.
    personal: BTreeSet<String>,
    /// Whole names, addresses and ids, lower case. In a sentence they are replaced as they are elsewhere.
    values: BTreeSet<String>,
}

impl Pseudonymizer {
    pub(super) fn new(key: Key) -> Self {
        Self {
            names: Pseudonyms::new(key),
            is_collecting: true,
            personal: BTreeSet::new(),
            values: BTreeSet::new(),
        }
    }

    /// Ends the first walk.
    pub(super) fn start_replacing(&mut self) {
        self.names.assign();
        self.is_collecting = false;
    }

    /// The name, address or attribute of a person.
    pub(super) fn person(&mut self, text: &str) -> String {
        if self.is_collecting {
            let personal = &mut self.personal;
            split(text, &fixed_parts(text), |part, is_fixed| {
                let words =
                    tokens(part).into_iter().filter(|token| !is_fixed && !matches!(token, Token::Between(_)));
                personal.extend(words.map(|token| token.text().to_lowercase()));
                String::new()
            });
        }
        self.name(text)
    }

    /// The name of a group, a site or a directory, a domain, or an id.
    pub(super) fn name(&mut self, text: &str) -> String {
        if self.is_collecting {
            self.values.insert(text.trim().to_lowercase());
            self.names.collect(text);
            return text.to_owned();
        }
        with_fixed_parts(text, |part| self.names.replaced(part))
    }

    /// The name of a group. The groups that Atlassian makes itself have the same name in every organization, and a rule
    /// looks for it.
    pub(super) fn group(&mut self, text: &str) -> String {
        if is_built_in_name(text) { text.to_owned() } else { self.name(text) }
    }

    /// A constant of an expression, or the value of one. It may be a part of a name or a plain word, so it is not
    /// searched for in sentences.
    pub(super) fn constant(&mut self, text: &str) -> String {
        if self.is_collecting {
            self.names.collect(text);
            return text.to_owned();
        }
        self.value_again(text)
    }

    /// The id of an Atlassian account. The number in front of the colon is the same for many accounts of the world
    /// (docs/reference/rules.md#atlassian-account-ids).
    pub(super) fn account_id(&mut self, text: &str) -> String {
        match account_prefix(text) {
            Some((prefix, rest)) => {
                if self.is_collecting {
                    self.values.insert(text.to_lowercase());
                }
                format!("{prefix}:{}", self.name(rest))
            }
            None => self.name(text),
        }
    }

    /// A resource (ARI). Its product and its type stay.
    pub(super) fn resource(&mut self, text: &str) -> String {
        let mut parts = text.splitn(4, ':');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("ari"), Some(service), Some(product), Some(rest)) => {
                let rest: Vec<String> =
                    rest.split_inclusive([':', '/'])
                        .map(|part| {
                            if vocabulary::is_resource_type(part) { part.to_owned() } else { self.name(part) }
                        })
                        .collect();
                format!("ari:{service}:{product}:{}", rest.concat())
            }
            _ => self.name(text),
        }
    }

    /// A code or state of a vendor, such as `Active` or `RedundantExport`. A text that is more than a code is treated as
    /// a sentence.
    pub(super) fn code(&mut self, text: &str) -> String {
        if is_code(text) { text.to_owned() } else { self.sentence(text) }
    }

    /// The name of an attribute of the target. Rules compare it, so technical words stay even if a person has such a
    /// name.
    pub(super) fn target(&mut self, text: &str) -> String {
        let stays = |token: Token<'_>| match token {
            Token::Word(word) => vocabulary::is_technical(word),
            Token::Number(digits) => digits.len() <= MAX_PLAIN_DIGITS,
            Token::Between(_) => true,
            Token::Guid(_) | Token::Hex(_) | Token::Mixed(_) => false,
        };
        if tokens(text).into_iter().all(stays) { text.to_owned() } else { self.sentence(text) }
    }

    /// A date as `YYYY-MM-DD`.
    pub(super) fn day(&mut self, text: &str) -> String {
        if text.parse::<Date>().is_ok() { text.to_owned() } else { self.sentence(text) }
    }

    /// Why something could not be read. The status and the code of the service stay.
    pub(super) fn reason(&mut self, text: &str) -> String {
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        let is_status = first.len() == MAX_PLAIN_DIGITS && first.chars().all(|c| c.is_ascii_digit());
        let end = rest.find([':', ' ', ',']).unwrap_or(rest.len());
        match rest.split_at_checked(end) {
            Some((code, behind)) if is_status && is_code(code) && !self.is_personal(code) => {
                format!("{first} {code}{}", self.sentence(behind))
            }
            _ => self.sentence(text),
        }
    }

    /// Free text.
    pub(super) fn sentence(&mut self, text: &str) -> String {
        if self.is_collecting {
            self.names.collect(text);
            return text.to_owned();
        }
        let fixed = ranges_of(text, CONFLICT_PHRASES.iter().copied());
        let mut known: Vec<&str> = self.values.iter().map(String::as_str).collect();
        known.sort_by_key(|value| std::cmp::Reverse(value.len()));
        let searched = known.into_iter().filter(|value| value.chars().count() >= MIN_SEARCHED_CHARS);
        split(text, &fixed, |part, is_fixed| {
            if is_fixed {
                return part.to_owned();
            }
            let values = ranges_of(part, searched.clone());
            split(
                part,
                &values,
                |part, is_value| {
                    if is_value { self.value_again(part) } else { self.words(part) }
                },
            )
        })
    }

    /// A value inside a sentence, as it is replaced elsewhere.
    fn value_again(&self, text: &str) -> String {
        match account_prefix(text) {
            Some((prefix, rest)) => format!("{prefix}:{}", self.names.replaced(rest)),
            None => with_fixed_parts(text, |part| self.names.replaced(part)),
        }
    }

    fn words(&self, text: &str) -> String {
        let is_border = |c: char| c.is_whitespace() || "[](){}<>\"',;=".contains(c);
        text.split_inclusive(is_border)
            .map(|chunk| {
                let body = chunk.trim_end_matches(is_border);
                let end = chunk.get(body.len()..).unwrap_or_default();
                let bare = body.trim_end_matches(['.', ':']);
                if is_time(bare) {
                    return chunk.to_owned();
                }
                if body.contains('@') {
                    return format!("{}{end}", with_fixed_parts(body, |part| self.names.replaced(part)));
                }
                let mut behind_word = false;
                let new: String = tokens(body)
                    .into_iter()
                    .map(|token| {
                        let stays = self.stays(token, behind_word);
                        behind_word = stays && matches!(token, Token::Word(_));
                        if stays { token.text().to_owned() } else { self.names.token(token) }
                    })
                    .collect();
                format!("{new}{end}")
            })
            .collect()
    }

    fn stays(&self, token: Token<'_>, behind_word: bool) -> bool {
        let is_personal = self.personal.contains(&token.text().to_lowercase());
        match token {
            Token::Between(_) => true,
            Token::Word(word) => !is_personal && vocabulary::is_technical(word),
            Token::Number(digits) => !is_personal && (behind_word || digits.len() <= MAX_PLAIN_DIGITS),
            Token::Guid(_) | Token::Hex(_) | Token::Mixed(_) => false,
        }
    }

    fn is_personal(&self, text: &str) -> bool {
        let contains = |token: Token<'_>| self.personal.contains(&token.text().to_lowercase());
        self.values.contains(&text.to_lowercase()) || tokens(text).into_iter().any(contains)
    }
}

/// One word of letters, digits and the signs of identifiers, without anything that looks like an id or an address.
fn is_code(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:$".contains(c);
    let is_id = |token: &Token<'_>| match token {
        Token::Guid(_) | Token::Hex(_) | Token::Mixed(_) => true,
        Token::Number(digits) => digits.len() > 7,
        Token::Word(_) | Token::Between(_) => false,
    };
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() <= MAX_CODE_CHARS
        && text.chars().all(plain)
        && !tokens(text).iter().any(is_id)
}

fn account_prefix(text: &str) -> Option<(&str, &str)> {
    let (prefix, rest) = text.split_once(':')?;
    let is_number = (5..=7).contains(&prefix.len()) && prefix.chars().all(|c| c.is_ascii_digit());
    (is_number && !rest.is_empty()).then_some((prefix, rest))
}

fn is_time(text: &str) -> bool {
    text.parse::<Timestamp>().is_ok() || text.parse::<Date>().is_ok()
}

/// Replaces a text, but not the parts with a meaning of their own: the mark of a guest, the marks that Atlassian adds to
/// an address, the domain that Microsoft gives to every tenant, and the words for true and false.
fn with_fixed_parts(text: &str, replace: impl Fn(&str) -> String) -> String {
    if ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return text.to_owned();
    }
    split(text, &fixed_parts(text), |part, is_fixed| if is_fixed { part.to_owned() } else { replace(part) })
}

type Range = (usize, usize);

fn fixed_parts(text: &str) -> Vec<Range> {
    ranges_in(text, vocabulary::FIXED_PARTS.iter().copied(), |_, _| true)
}

/// Where one of these lower-case texts occurs between other words. The ranges do not overlap.
fn ranges_of<'n>(text: &str, needles: impl Iterator<Item = &'n str>) -> Vec<Range> {
    ranges_in(text, needles, |before, behind| {
        let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !inside(before) && !inside(behind)
    })
}

fn ranges_in<'n>(
    text: &str,
    needles: impl Iterator<Item = &'n str>,
    may: impl Fn(Option<char>, Option<char>) -> bool,
) -> Vec<Range> {
    let lower = text.to_lowercase();
    let mut ranges: Vec<Range> = Vec::new();
    // A few letters change their length with the case. Then positions would differ, so only ASCII is lowered.
    let lower = if lower.len() == text.len() { lower } else { text.to_ascii_lowercase() };
    for needle in needles.filter(|needle| !needle.is_empty()) {
        for (start, found) in lower.match_indices(needle) {
            let end = start + found.len();
            let before = lower.get(..start).and_then(|head| head.chars().next_back());
            let behind = lower.get(end..).and_then(|tail| tail.chars().next());
            let is_free = ranges.iter().all(|(from, to)| end <= *from || start >= *to);
            let whole = text.is_char_boundary(start) && text.is_char_boundary(end);
            if is_free && whole && may(before, behind) {
                ranges.push((start, end));
            }
        }
    }
    ranges.sort_unstable();
    ranges
}

/// Maps the parts inside and outside of these ranges.
fn split(text: &str, ranges: &[Range], mut map: impl FnMut(&str, bool) -> String) -> String {
    let (mut all, mut at) = (String::new(), 0);
    for (start, end) in ranges {
        all.push_str(&map(text.get(at..*start).unwrap_or_default(), false));
        all.push_str(&map(text.get(*start..*end).unwrap_or_default(), true));
        at = *end;
    }
    all.push_str(&map(text.get(at..).unwrap_or_default(), false));
    all
}

#[cfg(test)]
mod tests {
    use super::Pseudonymizer;

    fn sentence(known: &[&str], text: &str) -> String {
        let mut by = Pseudonymizer::new([3; 32]);
        for _ in 0..2 {
            known.iter().for_each(|name| drop(by.person(name)));
            by.sentence(text);
            if by.is_collecting {
                by.start_replacing();
            }
        }
        by.sentence(text)
    }

    #[test]
    fn a_sentence_keeps_technical_words_alone() {
        let known = ["jane@acme.example", "Jane Doe", "712020:jane-1"];
        let text = "Resource [USER]: with email[Jane@acme.example] already exists. Jane Doe asked Bob on \
                    2026-11-25T13:23:44Z about 712020:jane-1 (403 Authorization_RequestDenied)";
        let new = sentence(&known, text);
        assert!(new.starts_with("Resource [USER]: with email["), "{new}");
        for kept in
            ["] already exists. ", "2026-11-25T13:23:44Z", "712020:", "(403 Authorization_RequestDenied)"]
        {
            assert!(new.contains(kept), "{kept}: {new}");
        }
        for gone in ["jane", "doe", "acme", "bob"] {
            assert!(!new.to_lowercase().contains(gone), "{gone}: {new}");
        }
    }

    #[test]
    fn a_word_of_a_name_is_replaced_even_if_it_is_technical() {
        let new = sentence(&["User Exists"], "the user exists; email already exists");
        assert!(!new.contains("user"), "{new}");
        assert!(new.ends_with("email already exists"), "the phrase that a rule looks for stays: {new}");
    }

    #[test]
    fn a_long_number_a_key_and_an_unknown_code_are_replaced() {
        let new = sentence(&[], "status 409 for employee 70012, key ATATT3xFfGF0abcd, AADSTS7000222");
        assert!(new.contains("409") && new.ends_with("AADSTS7000222"), "{new}");
        for gone in ["70012", "ATATT3xFfGF0abcd"] {
            assert!(!new.contains(gone), "{new}");
        }
    }

    #[test]
    fn marks_with_a_meaning_stay() {
        let mut by = Pseudonymizer::new([3; 32]);
        let guest = "sam_partner.example#EXT#@acme.onmicrosoft.com";
        let moved = "jane+atlassian_conflict@acme.example";
        let site = "ari:cloud:jira-software::site/5e5f6a63157ed50cd2b9eaca";
        for _ in 0..2 {
            by.person(guest);
            by.person(moved);
            by.resource(site);
            if by.is_collecting {
                by.start_replacing();
            }
        }
        let new = by.person(guest);
        assert!(
            new.contains("#EXT#@") && new.ends_with(".onmicrosoft.com") && !new.contains("partner"),
            "{new}"
        );
        let new = by.person(moved);
        assert!(new.contains("+atlassian_conflict@") && !new.contains("jane"), "{new}");
        let new = by.resource(site);
        assert!(new.starts_with("ari:cloud:jira-software::site/") && !new.contains("5e5f6a"), "{new}");
        assert_eq!(by.code("RedundantExport"), "RedundantExport");
        assert_eq!(
            by.reason("403 Some_NewCode: jane"),
            format!("403 Some_NewCode: {}", by.names.replaced("jane"))
        );
    }
}
