//! Strict JSON: no key twice, numbers as they are written, bounded size and depth.
//!
//! Numbers stay text because amounts of money are exact, and because `serde_json`'s own switch for that
//! (`arbitrary_precision`) would change how every other crate of the build reads numbers.

use crate::element::Node;
use crate::error::{Refused, RefusedReason};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::fmt;

/// How many bytes one document has at most: 8 MiB, which a Bundle with the history of one patient can have.
pub const MAX_DOCUMENT: usize = 8 << 20;
/// How deep arrays and objects are nested in one document at most.
pub const MAX_NESTING: usize = 64;
/// How many bytes the key of a member has at most. Paths repeat keys, so that long ones would make a short document a large one.
pub const MAX_KEY: usize = 256;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Value>),
    /// In the order of the document; no key is there twice.
    Object(Vec<(String, Value)>),
}

/// A document that was read, and the name that its paths begin with: its resource type, or `$`.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    name: String,
    value: Value,
}

impl Document {
    /// Reads `bytes`, and refuses modifiers wherever they stand.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let document = Self::parse(bytes)?;
        document.root().refuse_modifiers()?;
        Ok(document)
    }

    /// Reads `bytes`. Whoever reads one resource among several looks for its modifiers ([`Node::refuse_modifiers`]): those
    /// of the others are not its concern.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        if bytes.len() > MAX_DOCUMENT {
            let reason = RefusedReason::TooLarge { bytes: bytes.len(), limit: MAX_DOCUMENT };
            return Err(Refused::new("$", reason));
        }
        let not_json = |error| not_json(&Path::Root("$"), &error);
        let raw: &RawValue = serde_json::from_slice(bytes).map_err(not_json)?;
        let name = match raw.get().starts_with('{') {
            true => resource_type(&serde_json::from_str(raw.get()).map_err(not_json)?),
            false => None,
        };
        let name = name.unwrap_or_else(|| String::from("$"));
        let value = value(raw, &Path::Root(&name), 0)?;
        Ok(Self { name, value })
    }

    /// The whole of it.
    pub(crate) fn root(&self) -> Node<'_> {
        Node::new(self.name.clone(), &self.value)
    }
}

fn resource_type(members: &Members<'_>) -> Option<String> {
    let (_, raw) = members.0.iter().find(|(key, _)| key == "resourceType")?;
    serde_json::from_str(raw.get()).ok().filter(|name: &String| is_type_name(name))
}

/// Whether it has the shape of the name of a resource type.
pub(crate) fn is_type_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn not_json(path: &Path<'_>, error: &serde_json::Error) -> Refused {
    path.refuse(RefusedReason::NotJson { line: error.line(), column: error.column() })
}

/// The recursion ends at [`MAX_NESTING`]. Each level is skipped over once by the level above it.
fn value(raw: &RawValue, path: &Path<'_>, depth: usize) -> Result<Value, Refused> {
    let text = raw.get();
    let not_json = |error| not_json(path, &error);
    Ok(match text.bytes().next() {
        Some(b'{' | b'[') if depth >= MAX_NESTING => return Err(path.refuse(RefusedReason::NestedTooDeep)),
        Some(b'{') => {
            let members: Members<'_> = serde_json::from_str(text).map_err(not_json)?;
            let mut seen = BTreeSet::new();
            let mut object = Vec::with_capacity(members.0.len());
            for (key, raw) in &members.0 {
                if key.len() > MAX_KEY {
                    return Err(path.refuse(RefusedReason::KeyTooLong { bytes: key.len(), limit: MAX_KEY }));
                }
                let path = Path::Member(path, key);
                if !seen.insert(key) {
                    return Err(path.refuse(RefusedReason::DuplicateKey));
                }
                object.push((key.clone(), value(raw, &path, depth + 1)?));
            }
            Value::Object(object)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(not_json)?;
            let items = items.iter().enumerate().map(|(place, raw)| value(raw, &Path::Item(path, place), depth + 1));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        Some(b'"') => Value::Text(serde_json::from_str(text).map_err(not_json)?),
        Some(b't') => Value::Boolean(true),
        Some(b'f') => Value::Boolean(false),
        Some(b'n') => Value::Null,
        _ => Value::Number(text.to_owned()),
    })
}

/// The members of an object, with duplicates.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Where the reader is; written out only for a refusal.
pub(crate) enum Path<'a> {
    Root(&'a str),
    Member(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    pub(crate) fn refuse(&self, reason: RefusedReason) -> Refused {
        Refused::new(self.to_string(), reason)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(name) => f.write_str(name),
            Self::Member(Path::Root("$"), key) => f.write_str(key),
            Self::Member(parent, key) => write!(f, "{parent}.{key}"),
            Self::Item(parent, place) => write!(f, "{parent}[{place}]"),
        }
    }
}
