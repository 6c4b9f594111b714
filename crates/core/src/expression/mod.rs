//! Source expressions of an attribute mapping, such as `Coalesce([mail], [userPrincipalName])`: what they refer to,
//! and what they make of one person. An expression that is not understood in full has no value. It must never
//! guess: a wrong value here makes another person's record look like an abandoned one.
//!
//! The functions are those of Microsoft's reference for writing attribute mapping expressions that such mappings
//! use. Where the reference does not say what a function makes of an unusual input, the value is unread.

mod functions;
mod parse;

use std::collections::BTreeSet;

use super::evidence::IdpUser;
use super::subject::normalize;

/// The value cannot be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread;

/// What an expression, or a part of one, comes to. No text is an empty value, which is never written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(Option<String>),
    List(Vec<String>),
}

impl Value {
    fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::Text((!text.is_empty()).then_some(text))
    }

    fn flag(flag: bool) -> Self {
        Self::text(if flag { "True" } else { "False" })
    }

    /// The text; a list is none.
    fn into_text(self) -> Result<Option<String>, Unread> {
        match self {
            Self::Text(text) => Ok(text),
            Self::List(_) => Err(Unread),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// A source attribute, by its name in the schema.
    Attribute(String),
    /// A text or a number as it stands. An argument that was left out is the empty text.
    Constant(String),
    /// A function of other expressions.
    Call(String, Vec<Expression>),
    /// A comparison: whether both sides are equal, or whether they differ.
    Compare(Box<Expression>, bool, Box<Expression>),
}

/// What the job writes into one attribute of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mapped {
    /// It cannot be known.
    Unread,
    /// Nothing is written.
    Empty,
    One(String),
    /// One of these: the vendor's documents disagree on which.
    Either(Vec<String>),
}

impl Mapped {
    /// The value, if exactly one is known.
    #[must_use]
    pub fn one(&self) -> Option<&str> {
        match self {
            Self::One(value) => Some(value),
            _ => None,
        }
    }

    /// Every value that it may have.
    #[must_use]
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Either(values) => values,
            Self::Unread | Self::Empty => &[],
        }
    }

    /// Whether this text is the value, or may be. Case does not count: names that differ by case alone are one name
    /// to Atlassian.
    #[must_use]
    pub fn may_be(&self, text: &str) -> bool {
        self.all().iter().any(|value| normalize(value) == normalize(text))
    }
}

impl Expression {
    /// Reads an expression. `None` where its form is not understood.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        parse::parse(text)
    }

    /// What the expression makes of a person.
    #[must_use]
    pub fn mapped(&self, person: &IdpUser) -> Mapped {
        let mut values: BTreeSet<Option<String>> = BTreeSet::new();
        for name in written_names(person) {
            let read = |attribute: &str| attribute_of(person, attribute, name.as_deref());
            match functions::value(self, &read).and_then(Value::into_text) {
                Ok(value) => values.insert(value),
                Err(Unread) => return Mapped::Unread,
            };
        }
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (Some(None), None) => Mapped::Empty,
            (Some(Some(value)), None) => Mapped::One(value),
            (first, second) => {
                Mapped::Either(first.into_iter().chain(second).chain(values).flatten().collect())
            }
        }
    }

    /// The source attributes that it refers to.
    #[must_use]
    pub fn attributes(&self) -> BTreeSet<&str> {
        match self {
            Self::Attribute(name) => BTreeSet::from([name.as_str()]),
            Self::Constant(_) => BTreeSet::new(),
            Self::Call(_, arguments) => arguments.iter().flat_map(Self::attributes).collect(),
            Self::Compare(one, _, other) => one.attributes().into_iter().chain(other.attributes()).collect(),
        }
    }

    /// The attributes, each with a value, of which everybody who is written with this value has one: looked up by them,
    /// its owner is found. `None` where a value cannot be traced back to attributes.
    #[must_use]
    pub fn traced(&self, value: &str) -> Option<Vec<(&str, String)>> {
        match self {
            // Of an attribute that nobody can be looked up by nothing is traced, nor of the name of a guest, which is
            // written otherwise than it stands.
            Self::Attribute(name) => {
                let known = ["objectId", "mail", "displayName"].iter().chain(IdpUser::MAPPED_ATTRIBUTES);
                let known = known.copied().any(|known| known.eq_ignore_ascii_case(name));
                known.then(|| vec![(name.as_str(), value.to_owned())])
            }
            Self::Call(name, arguments) => match (name.to_lowercase().as_str(), arguments.as_slice()) {
                // The look-up does not distinguish case.
                ("tolower" | "toupper", [one]) => one.traced(value),
                ("append", [one, Self::Constant(suffix)]) => match strip_suffix(value, suffix) {
                    Some(rest) => one.traced(rest),
                    // Nobody is written with a value that ends otherwise.
                    None => Some(Vec::new()),
                },
                ("coalesce", all) if !all.is_empty() => {
                    let traced: Option<Vec<_>> = all.iter().map(|one| one.traced(value)).collect();
                    Some(traced?.into_iter().flatten().collect())
                }
                _ => None,
            },
            Self::Constant(_) | Self::Compare(..) => None,
        }
    }

    /// Whether it is the object id and nothing else.
    #[must_use]
    pub fn is_object_id(&self) -> bool {
        matches!(self, Self::Attribute(name) if name.eq_ignore_ascii_case("objectId"))
    }
}

/// What comes before a suffix, without regard to case.
fn strip_suffix<'v>(value: &'v str, suffix: &str) -> Option<&'v str> {
    let (rest, end) = value.split_at_checked(value.len().checked_sub(suffix.len())?)?;
    end.eq_ignore_ascii_case(suffix).then_some(rest)
}

/// The user principal name as it may be written. Of a guest, `#EXT#` is removed on the way; the documents disagree on
/// what is left: `alias_theirdomain@tenant`, or `alias@theirdomain`.
fn written_names(person: &IdpUser) -> Vec<Option<String>> {
    let Some(upn) = person.upn.as_deref() else { return vec![None] };
    let Some(at) = upn.to_uppercase().find("#EXT#") else { return vec![Some(upn.to_owned())] };
    let (Some(alias), Some(rest)) = (upn.get(..at), upn.get(at + "#EXT#".len()..)) else {
        return vec![Some(upn.to_owned())];
    };
    let mut names = vec![Some(format!("{alias}{rest}"))];
    if let Some((local, domain)) = alias.rsplit_once('_') {
        names.push(Some(format!("{local}@{domain}")));
    }
    names
}

/// An attribute of a person by its name in the schema. One that no reading of a person asks for is unread, and so is
/// every one but the id of a person of whom only the id may be read.
fn attribute_of(person: &IdpUser, name: &str, upn: Option<&str>) -> Result<Value, Unread> {
    let name = name.to_lowercase();
    if name == "objectid" {
        return Ok(Value::text(person.id.as_str()));
    }
    let Some(upn) = upn else { return Err(Unread) };
    let text = |text: &Option<String>| Ok(Value::text(text.clone().unwrap_or_default()));
    match name.as_str() {
        "userprincipalname" => Ok(Value::text(upn)),
        "mail" => text(&person.mail),
        "displayname" => text(&person.name),
        "usertype" => text(&person.kind),
        "accountenabled" => person.enabled.map(Value::flag).ok_or(Unread),
        // Deleted people are looked up elsewhere.
        "issoftdeleted" => Ok(Value::flag(false)),
        other => match IdpUser::MAPPED_ATTRIBUTES.iter().find(|known| known.to_lowercase() == other) {
            Some(known) => Ok(Value::text(person.attributes.get(*known).cloned().unwrap_or_default())),
            None => Err(Unread),
        },
    }
}

#[cfg(test)]
mod tests;
