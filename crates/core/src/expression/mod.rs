//! Parses and evaluates source expressions of an attribute mapping, such as `Coalesce([mail], [userPrincipalName])`. An
//! expression that is not understood in full has no value. It must never guess: with a wrong value, another person's
//! record looks abandoned.
//!
//! The functions are those of Microsoft's reference for attribute mapping expressions that such mappings use. If the
//! reference does not say how a function treats an unusual input, the value is unread.

mod functions;
mod parse;

use std::collections::BTreeSet;
use std::fmt;

use super::evidence::IdpUser;
use super::subject::normalize;

/// The error for a value that cannot be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread;

/// The value of an expression or of a part of one. `None` is an empty value, which is never written.
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

    /// The text. A list is unread.
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
    /// A literal text or number. An argument that was left out is the empty text.
    Constant(String),
    /// A function with its arguments.
    Call(String, Vec<Expression>),
    /// A comparison of two expressions. `true` tests for equality, `false` for inequality.
    Compare(Box<Expression>, bool, Box<Expression>),
}

/// What the job writes into one attribute of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mapped {
    /// The value cannot be known.
    Unread,
    /// The job writes nothing.
    Empty,
    One(String),
    /// One of these values. The vendor's documents disagree on which.
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

    /// Every value that the attribute may have.
    #[must_use]
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Either(values) => values,
            Self::Unread | Self::Empty => &[],
        }
    }

    /// Whether this text is, or may be, the value. The comparison ignores case, because Atlassian does so for names.
    #[must_use]
    pub fn may_be(&self, text: &str) -> bool {
        self.all().iter().any(|value| normalize(value) == normalize(text))
    }
}

impl Expression {
    /// Parses an expression. `None` if its form is not understood.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        parse::parse(text)
    }

    /// Evaluates the expression for a person.
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

    /// The source attributes that the expression refers to.
    #[must_use]
    pub fn attributes(&self) -> BTreeSet<&str> {
        match self {
            Self::Attribute(name) => BTreeSet::from([name.as_str()]),
            Self::Constant(_) => BTreeSet::new(),
            Self::Call(_, arguments) => arguments.iter().flat_map(Self::attributes).collect(),
            Self::Compare(one, _, other) => one.attributes().into_iter().chain(other.attributes()).collect(),
        }
    }

    /// Traces a value back to source attributes: every user for whom the job writes this value has at least one of
    /// these attribute values. A lookup by them finds the owner. `None` if the value cannot be traced back.
    #[must_use]
    pub fn traced(&self, value: &str) -> Option<Vec<(&str, String)>> {
        match self {
            // An attribute that is not read with every user is looked up as well. If Microsoft Graph cannot filter by
            // it, the owner stays unread. The user principal name is not traced, because for a guest the job writes a
            // different text. Status and type identify nobody.
            Self::Attribute(name) => {
                let untraced = ["userPrincipalName", "userType", "accountEnabled", "IsSoftDeleted"];
                let is_traced = !untraced.iter().any(|known| known.eq_ignore_ascii_case(name));
                is_traced.then(|| vec![(name.as_str(), value.to_owned())])
            }
            Self::Call(name, arguments) => match (name.to_lowercase().as_str(), arguments.as_slice()) {
                // The lookup ignores case.
                ("tolower" | "toupper", [one]) => one.traced(value),
                ("append", [one, Self::Constant(suffix)]) => match strip_suffix(value, suffix) {
                    Some(rest) => one.traced(rest),
                    // The job writes no value with another ending, so nobody has this one.
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

    /// The attribute that the expression writes as it is, without regard to case.
    #[must_use]
    pub fn plain_attribute(&self) -> Option<&str> {
        match self {
            Self::Attribute(name) => Some(name),
            Self::Call(name, arguments) => match (name.to_lowercase().as_str(), arguments.as_slice()) {
                ("tolower" | "toupper", [one]) => one.plain_attribute(),
                _ => None,
            },
            Self::Constant(_) | Self::Compare(..) => None,
        }
    }

    /// Whether the expression is the object id and nothing else.
    #[must_use]
    pub fn is_object_id(&self) -> bool {
        matches!(self, Self::Attribute(name) if name.eq_ignore_ascii_case("objectId"))
    }
}

/// Writes an expression so that it can be parsed again. Constants are quoted, and no argument is left out.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(name) => write!(f, "[{name}]"),
            Self::Constant(text) => {
                write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
            }
            Self::Call(name, arguments) => {
                write!(f, "{name}(")?;
                for (at, argument) in arguments.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    write!(f, "{comma}{argument}")?;
                }
                f.write_str(")")
            }
            Self::Compare(one, equal, other) => {
                write!(f, "{one} {} {other}", if *equal { "=" } else { "<>" })
            }
        }
    }
}

/// The part before a suffix, if the value ends with it. The comparison ignores case.
fn strip_suffix<'v>(value: &'v str, suffix: &str) -> Option<&'v str> {
    let (rest, end) = value.split_at_checked(value.len().checked_sub(suffix.len())?)?;
    end.eq_ignore_ascii_case(suffix).then_some(rest)
}

/// The forms in which the user principal name may be written. For a guest, Entra removes `#EXT#`. The documents
/// disagree on the result: `alias_theirdomain@tenant`, or `alias@theirdomain`.
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

/// An attribute of a person, by its name in the schema. It is unread if it was not selected. If only the id
/// of the person may be read, every other attribute is unread.
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
        // Deleted users are looked up separately.
        "issoftdeleted" => Ok(Value::flag(false)),
        other => match IdpUser::MAPPED_ATTRIBUTES.iter().find(|known| known.to_lowercase() == other) {
            Some(known) => Ok(Value::text(person.attributes.get(*known).cloned().unwrap_or_default())),
            None => {
                let mut selected = person.attributes.iter();
                let found = selected.find(|(known, _)| known.to_lowercase() == other);
                found.map(|(_, value)| Value::text(value.as_str())).ok_or(Unread)
            }
        },
    }
}

#[cfg(test)]
mod tests;
