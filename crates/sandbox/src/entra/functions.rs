//! The functions of attribute mappings, one by one, as Microsoft's reference describes them. Where the reference does
//! not mention an empty argument, it counts as an empty text. A function, or a form of one, that has no branch here
//! must never get a value.

use super::expression::Outcome;
use super::expression::Outcome::{Flag, Many, Null, Text};

/// Graph's name of the parameter at this position, from Microsoft's reference.
pub(super) fn parameter(function: &str, at: usize) -> String {
    let fixed: &[&str] = match function {
        "Append" => &["source", "suffix"],
        "IIF" => &["condition", "valueIfTrue", "valueIfFalse"],
        "Item" => &["attribute", "index"],
        "Left" | "Right" => &["String", "NumChars"],
        "Mid" => &["source", "start", "length"],
        "Replace" => &[
            "source",
            "oldValue",
            "regexPattern",
            "regexGroupName",
            "replacementValue",
            "replacementAttributeName",
            "template",
        ],
        "Split" => &["source", "delimiter"],
        "ToLower" | "ToUpper" => &["source", "culture"],
        "PCase" => &["source", "wordSeparators"],
        "IsPresent" | "IsNullOrEmpty" | "IsNull" => &["Expression"],
        "Switch" => &["source", "defaultValue"],
        "Join" => &["separator"],
        "Coalesce" => &[],
        _ => &["source"],
    };
    if let Some(name) = fixed.get(at) {
        return (*name).to_owned();
    }
    let more = at.saturating_sub(fixed.len());
    let pair = more.saturating_div(2).saturating_add(1);
    match function {
        "Switch" if more.is_multiple_of(2) => format!("key{pair}"),
        "Switch" => format!("value{pair}"),
        _ => format!("source{}", more.saturating_add(1)),
    }
}

/// The value of a function. None if the function, or this form of it, is not implemented here.
pub(super) fn call(name: &str, values: &[Outcome]) -> Option<Outcome> {
    match (name, values) {
        ("Coalesce", all) => Some(all.iter().find(|one| **one != Null).cloned().unwrap_or(Null)),
        ("IsNullOrEmpty", [one]) => Some(Flag(one.is_empty())),
        ("IsPresent", [one]) => Some(Flag(!one.is_empty())),
        ("IsNull", [one]) => Some(Flag(*one == Null)),
        ("Not", [one]) => Some(Flag(one.text() != "True")),
        ("Switch", [source, default, pairs @ ..]) if pairs.len().is_multiple_of(2) => {
            let source = source.text();
            let hit = pairs.chunks_exact(2).find_map(|pair| match pair {
                [key, value] if key.text() == source => Some(value.clone()),
                _ => None,
            });
            Some(hit.unwrap_or_else(|| default.clone()))
        }
        ("Append", [source, suffix]) => Some(Text(source.text() + &suffix.text())),
        ("Join", [separator, all @ ..]) => {
            let parts: Vec<String> = all.iter().flat_map(parts).collect();
            Some(Text(parts.join(&separator.text())))
        }
        ("Replace", [source, old, Null, Null, new, Null, Null]) if *old != Null && *new != Null => {
            Some(Text(source.text().replace(&old.text(), &new.text())))
        }
        ("Replace", [source, old, Null, Null, Null, Null, template]) if *old != Null && *template != Null => {
            Some(Text(template.text().replace(&old.text(), &source.text())))
        }
        ("Left", [source, count]) => Some(Text(left(&source.text(), count.text().parse().ok()?))),
        ("Right", [source, count]) => {
            let text: Vec<char> = source.text().chars().collect();
            let count: usize = count.text().parse().ok()?;
            Some(Text(text.iter().skip(text.len().saturating_sub(count)).collect()))
        }
        ("Mid", [source, start, length]) => {
            let start: usize = start.text().parse().ok().filter(|start| *start >= 1)?;
            let length: usize = length.text().parse().ok()?;
            Some(Text(source.text().chars().skip(start.saturating_sub(1)).take(length).collect()))
        }
        ("Split", [source, delimiter]) => {
            let delimiter = delimiter.text();
            (!delimiter.is_empty())
                .then(|| Many(source.text().split(&delimiter).map(|part| part.trim().to_owned()).collect()))
        }
        // "Returns the first item … Index 0 shouldn't be used."
        ("Item", [source, index]) => {
            let index: usize = index.text().parse().ok().filter(|index| *index >= 1)?;
            Some(parts(source).get(index.saturating_sub(1)).cloned().map_or(Null, Text))
        }
        ("ToLower", [source] | [source, Null]) => Some(Text(source.text().to_lowercase())),
        ("ToUpper", [source] | [source, Null]) => Some(Text(source.text().to_uppercase())),
        ("Trim", [source]) => Some(Text(source.text().trim().to_owned())),
        ("StripSpaces", [source]) => Some(Text(source.text().replace(' ', ""))),
        ("NormalizeDiacritics", [source]) => Some(Text(plain(&source.text()))),
        // The bot does not know this function. It is here so that a tenant can map what the bot cannot compute.
        ("PCase", [source]) => Some(Text(proper(&source.text()))),
        _ => None,
    }
}

/// The values of a multi-valued attribute. An empty one gives none.
fn parts(value: &Outcome) -> Vec<String> {
    match value {
        Null => Vec::new(),
        Many(all) => all.clone(),
        one => vec![one.text()],
    }
}

/// "If numChars < 0, return input string."
fn left(text: &str, count: i64) -> String {
    usize::try_from(count).map_or_else(|_| text.to_owned(), |count| text.chars().take(count).collect())
}

/// Each word with an upper-case first letter and lower-case other letters.
fn proper(text: &str) -> String {
    let mut begins = true;
    let mut out = String::new();
    for c in text.chars() {
        if begins {
            out.extend(c.to_uppercase())
        } else {
            out.extend(c.to_lowercase())
        }
        begins = !c.is_alphanumeric();
    }
    out
}

/// The table of the reference, for its single characters only.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let small = c.to_lowercase().next().unwrap_or(c);
        let found = match small {
            'ä' | 'à' | 'â' | 'ã' | 'å' | 'á' | 'ą' | 'ă' | 'ā' => "a",
            'æ' | 'ǣ' => "ae",
            'ç' | 'č' | 'ć' => "c",
            'ď' | 'ḏ' => "d",
            'ë' | 'è' | 'é' | 'ê' | 'ę' | 'ě' | 'ė' | 'ē' => "e",
            'ğ' | 'ḡ' => "g",
            'ï' | 'î' | 'ì' | 'í' | 'ı' | 'ī' => "i",
            'ľ' | 'ł' => "l",
            'ñ' | 'ń' | 'ň' => "n",
            'ö' | 'ò' | 'ő' | 'õ' | 'ô' | 'ó' | 'ō' => "o",
            'ø' => "oe",
            'ř' => "r",
            'ß' => "ss",
            'š' | 'ś' | 'ș' | 'ş' => "s",
            'ť' | 'ț' => "t",
            'ü' | 'ù' | 'û' | 'ú' | 'ů' | 'ű' | 'ū' => "u",
            'ÿ' | 'ý' | 'ȳ' => "y",
            'ź' | 'ž' | 'ż' => "z",
            _ => {
                out.push(c);
                continue;
            }
        };
        if c == small { out.push_str(found) } else { out.push_str(&found.to_uppercase()) }
    }
    out
}
