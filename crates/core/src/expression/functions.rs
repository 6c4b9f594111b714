//! The functions of mapping expressions, as in Microsoft's reference. What the reference leaves open is unread: whether
//! keys and comparisons are case-sensitive, and what becomes of an empty part.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Expression, Unread, Value};

type Read<'r> = dyn Fn(&str) -> Result<Value, Unread> + 'r;

/// The value of an expression.
pub(super) fn value(expression: &Expression, read: &Read<'_>) -> Result<Value, Unread> {
    match expression {
        Expression::Attribute(name) => read(name),
        Expression::Constant(text) => Ok(Value::text(text.as_str())),
        Expression::Compare(one, equal, other) => {
            Ok(Value::flag(same(&text(one, read)?, &text(other, read)?)? == *equal))
        }
        Expression::Call(name, arguments) => call(&name.to_lowercase(), arguments, read),
    }
}

fn text(expression: &Expression, read: &Read<'_>) -> Result<Option<String>, Unread> {
    value(expression, read)?.into_text()
}

/// A text that the function needs; an empty one makes the result unread.
fn filled(expression: &Expression, read: &Read<'_>) -> Result<String, Unread> {
    text(expression, read)?.ok_or(Unread)
}

fn number(expression: &Expression, read: &Read<'_>) -> Result<usize, Unread> {
    filled(expression, read)?.parse().map_err(|_| Unread)
}

fn flag(expression: &Expression, read: &Read<'_>) -> Result<bool, Unread> {
    match filled(expression, read)?.to_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Unread),
    }
}

/// Whether two texts are equal. Unread if they differ by case alone.
fn same(one: &Option<String>, other: &Option<String>) -> Result<bool, Unread> {
    let folded = |text: &Option<String>| text.as_deref().map(str::to_lowercase);
    match (one == other, folded(one) == folded(other)) {
        (true, _) => Ok(true),
        (false, true) => Err(Unread),
        (false, false) => Ok(false),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.is_none(),
        Value::List(all) => all.is_empty(),
    }
}

fn call(name: &str, arguments: &[Expression], read: &Read<'_>) -> Result<Value, Unread> {
    let mapped = |change: &dyn Fn(&str) -> String, one: &Expression| {
        Ok(Value::text(text(one, read)?.map(|text| change(&text)).unwrap_or_default()))
    };
    match (name, arguments) {
        ("coalesce", all) => {
            for one in all {
                let value = value(one, read)?;
                if !is_empty(&value) {
                    return Ok(value);
                }
            }
            Ok(Value::Text(None))
        }
        ("iif", [condition, then, otherwise]) => {
            value(if flag(condition, read)? { then } else { otherwise }, read)
        }
        ("isnullorempty", [one]) => Ok(Value::flag(is_empty(&value(one, read)?))),
        ("ispresent", [one]) => Ok(Value::flag(!is_empty(&value(one, read)?))),
        ("not", [one]) => Ok(Value::flag(!flag(one, read)?)),
        ("switch", [source, default, pairs @ ..]) if pairs.len().is_multiple_of(2) => {
            let source = text(source, read)?;
            for pair in pairs.chunks_exact(2) {
                if let [key, then] = pair
                    && same(&source, &text(key, read)?)?
                {
                    return value(then, read);
                }
            }
            value(default, read)
        }
        // A second argument names a culture. It changes only letters of some languages, so it is not supported.
        ("tolower", [one]) => mapped(&str::to_lowercase, one),
        ("toupper", [one]) => mapped(&str::to_uppercase, one),
        ("trim", [one]) => mapped(&|text| text.trim().to_owned(), one),
        ("stripspaces", [one]) => mapped(&|text| text.replace(' ', ""), one),
        ("append", [one, suffix]) => {
            Ok(Value::text(filled(one, read)? + &text(suffix, read)?.unwrap_or_default()))
        }
        ("join", [separator, parts @ ..]) => {
            let separator = text(separator, read)?.unwrap_or_default();
            let mut all = Vec::new();
            for part in parts {
                match value(part, read)? {
                    Value::Text(part) => all.push(part.ok_or(Unread)?),
                    Value::List(parts) => all.extend(parts),
                }
            }
            Ok(Value::text(all.join(&separator)))
        }
        // Only the plain form is supported: an old value, no pattern, no group, and a new value.
        ("replace", [one, old, pattern, group, new, rest @ ..]) => {
            for unused in [pattern, group].into_iter().chain(rest) {
                if text(unused, read)?.is_some() {
                    return Err(Unread);
                }
            }
            let (old, new) = (filled(old, read)?, text(new, read)?.unwrap_or_default());
            mapped(&|text| text.replace(&old, &new), one)
        }
        ("left", [one, count]) => {
            let count = number(count, read)?;
            mapped(&|text| text.chars().take(count).collect(), one)
        }
        ("right", [one, count]) => {
            let count = number(count, read)?;
            mapped(&|text| text.chars().skip(text.chars().count().saturating_sub(count)).collect(), one)
        }
        ("mid", [one, start, count]) => {
            let (start, count) = (number(start, read)?.checked_sub(1).ok_or(Unread)?, number(count, read)?);
            mapped(&|text| text.chars().skip(start).take(count).collect(), one)
        }
        ("split", [one, separator]) => {
            let separator = filled(separator, read)?;
            let text = text(one, read)?.unwrap_or_default();
            Ok(Value::List(text.split(&separator).map(str::to_owned).collect()))
        }
        ("item", [list, place]) => {
            let place = number(place, read)?.checked_sub(1).ok_or(Unread)?;
            match value(list, read)? {
                Value::List(all) => all.into_iter().nth(place).map(Value::text).ok_or(Unread),
                Value::Text(_) => Err(Unread),
            }
        }
        ("normalizediacritics", [one]) => {
            let plain: String =
                text(one, read)?.unwrap_or_default().nfd().filter(|c| !is_combining_mark(*c)).collect();
            // Letters other than a base letter with a mark are replaced by a table that Microsoft has not published in
            // full.
            if plain.is_ascii() { Ok(Value::text(plain)) } else { Err(Unread) }
        }
        _ => Err(Unread),
    }
}
