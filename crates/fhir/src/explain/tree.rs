//! The JSON that resources are built of. Numbers are text until they are written, so that amounts are exact: a
//! [`serde_json::Value`] would make binary fractions of them.

use crate::code::{Code, Concept};
use crate::json::Value;
use serde::ser::{Error, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;

/// A FHIR resource as JSON. Write it with a serializer of `serde_json` or with `to_string`: its decimals are then exact, which
/// they are no longer once it was made a [`serde_json::Value`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource(pub(super) Value);

impl Serialize for Resource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written(&self.0).serialize(serializer)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

struct Written<'a>(&'a Value);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Boolean(value) => serializer.serialize_bool(*value),
            Value::Number(digits) => {
                RawValue::from_string(digits.clone()).map_err(S::Error::custom)?.serialize(serializer)
            }
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items.iter().map(Written)),
            Value::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, Written(value))))
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Code> for Value {
    fn from(code: Code) -> Self {
        Members::of("system", code.system).set("code", code.code).some("display", code.display).into()
    }
}

impl From<Concept> for Value {
    fn from(concept: Concept) -> Self {
        Members::default().list("coding", concept.coding.into_iter().map(Self::from).collect()).into()
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.to_string())
    }
}

/// An element that is being built: its members, in the order of FHIR's definition.
#[derive(Clone, Debug, Default)]
pub(super) struct Members(Vec<(String, Value)>);

impl Members {
    pub(super) fn of(name: &str, value: impl Into<Value>) -> Self {
        Self::default().set(name, value)
    }

    pub(super) fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }

    /// With the value, if there is one.
    pub(super) fn some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// With the list, if it has an item: FHIR has no empty lists.
    pub(super) fn list(self, name: &str, items: Vec<Value>) -> Self {
        match items.is_empty() {
            true => self,
            false => self.set(name, Value::List(items)),
        }
    }
}

impl From<Members> for Value {
    fn from(members: Members) -> Self {
        Self::Object(members.0)
    }
}
