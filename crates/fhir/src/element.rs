//! The cursor that every document is read with: it knows its path, and refuses each element that nobody read (rule 7).

use crate::error::{Refused, RefusedReason};
use crate::json::{Path, Value};

/// What describes a resource as such, and decides nothing: <https://hl7.org/fhir/R4/domainresource.html>. (For
/// `implicitRules` see [`Node::refuse_modifiers`].)
pub(crate) const OF_EVERY_RESOURCE: &[&str] = &["id", "meta", "language", "text", "contained"];

/// The largest `positiveInt` and `unsignedInt` of R4: <https://hl7.org/fhir/R4/datatypes.html#primitive>.
pub(crate) const MAX_INT: u32 = i32::MAX as u32;

/// An element: a JSON value and its path.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    path: String,
    value: &'a Value,
    extensions: Extensions,
}

/// What becomes of an `extension`. (For a `modifierExtension` see [`Node::refuse_modifiers`].)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extensions {
    /// It is an element like any other.
    Refused,
    /// FHIR lets a reader pass over it: <https://hl7.org/fhir/R4/extensibility.html>.
    Ignored,
}

impl<'a> Node<'a> {
    pub(crate) const fn new(path: String, value: &'a Value) -> Self {
        Self { path, value, extensions: Extensions::Refused }
    }

    /// The same element, in which and below which extensions are passed over.
    pub(crate) fn ignoring_extensions(self) -> Self {
        Self { extensions: Extensions::Ignored, ..self }
    }

    /// The same element, in which and below which extensions are refused.
    pub(crate) fn refusing_extensions(self) -> Self {
        Self { extensions: Extensions::Refused, ..self }
    }

    fn child(&self, path: String, value: &'a Value) -> Self {
        Self { path, value, extensions: self.extensions }
    }

    /// The same element, from which paths begin anew: a resource of a bundle.
    pub(crate) fn named(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Whether both hold the same, written the same way.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.value == other.value
    }

    pub(crate) const fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    pub(crate) const fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }

    pub(crate) const fn is_text(&self) -> bool {
        matches!(self.value, Value::Text(_))
    }

    /// Refuses what changes the meaning of the element, in it and below it: modifier extensions, and rules that it is to be
    /// read by. The recursion ends at [`crate::MAX_NESTING`].
    pub(crate) fn refuse_modifiers(&self) -> Result<(), Refused> {
        refuse_modifiers(self.value, &Path::Root(&self.path))
    }

    pub(crate) fn refuse(&self, reason: RefusedReason) -> Refused {
        Refused::new(self.path.clone(), reason)
    }

    fn expected<T>(&self, expected: &'static str) -> Result<T, Refused> {
        Err(self.refuse(RefusedReason::WrongType { expected }))
    }

    /// Reads an object with `read`, and refuses what `read` neither read nor ignored.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&mut Object<'a>) -> Result<T, Refused>) -> Result<T, Refused> {
        let mut object = self.open()?;
        let result = read(&mut object)?;
        object.finish()?;
        Ok(result)
    }

    /// The object, of which elements may stay unread: for content that decides nothing.
    pub(crate) fn open(&self) -> Result<Object<'a>, Refused> {
        match self.value {
            Value::Object(members) if members.is_empty() => Err(self.refuse(RefusedReason::Empty)),
            Value::Object(members) => {
                let read = vec![false; members.len()];
                Ok(Object { path: self.path.clone(), members, read, extensions: self.extensions })
            }
            _ => self.expected("an object"),
        }
    }

    /// Reads a resource of one type: see [`Node::read`]. Extensions are passed over, and [`OF_EVERY_RESOURCE`].
    pub(crate) fn resource<T>(
        &self,
        expected: &'static str,
        read: impl FnOnce(&mut Object<'a>) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        self.clone().ignoring_extensions().read(|object| {
            object.expect_resource(expected)?;
            object.ignore(OF_EVERY_RESOURCE);
            read(object)
        })
    }

    /// The items of an array, which is not empty.
    pub(crate) fn list(&self) -> Result<Vec<Node<'a>>, Refused> {
        match self.value {
            Value::List(items) if items.is_empty() => Err(self.refuse(RefusedReason::Empty)),
            Value::List(items) => Ok(self.each(items)),
            _ => self.expected("an array"),
        }
    }

    /// The items of an array, which may be empty, or the element itself where it is none: for what is no FHIR element.
    pub(crate) fn one_or_many(&self) -> Vec<Node<'a>> {
        match self.value {
            Value::List(items) => self.each(items),
            _ => Vec::from([self.clone()]),
        }
    }

    fn each(&self, items: &'a [Value]) -> Vec<Node<'a>> {
        items.iter().enumerate().map(|(place, value)| self.child(format!("{}[{place}]", self.path), value)).collect()
    }

    /// A string, which is not empty.
    pub(crate) fn text(&self) -> Result<&'a str, Refused> {
        match self.value {
            Value::Text(text) if text.trim().is_empty() => Err(self.refuse(RefusedReason::Empty)),
            Value::Text(text) => Ok(text),
            _ => self.expected("a string"),
        }
    }

    pub(crate) fn boolean(&self) -> Result<bool, Refused> {
        match self.value {
            Value::Boolean(boolean) => Ok(*boolean),
            _ => self.expected("true or false"),
        }
    }

    /// A number, as it is written.
    pub(crate) fn number(&self) -> Result<&'a str, Refused> {
        match self.value {
            Value::Number(number) => Ok(number),
            _ => self.expected("a number"),
        }
    }

    /// A whole number from 0 on.
    pub(crate) fn whole_number(&self) -> Result<u32, Refused> {
        let number = self.number()?;
        number.parse().or_else(|_| self.expected("a whole number from 0 to 4294967295"))
    }

    /// A FHIR `positiveInt`.
    pub(crate) fn positive(&self) -> Result<u32, Refused> {
        let positive = self.number()?.parse().ok().filter(|number| (1..=MAX_INT).contains(number));
        positive.map_or_else(|| self.expected("a whole number from 1 to 2147483647"), Ok)
    }
}

/// An object that is being read.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    path: String,
    members: &'a [(String, Value)],
    read: Vec<bool>,
    extensions: Extensions,
}

impl<'a> Object<'a> {
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The path of a member, whether it is there or not.
    pub(crate) fn path_of(&self, name: &str) -> String {
        join(&self.path, name)
    }

    /// A refusal of a member, whether it is there or not.
    pub(crate) fn refuse(&self, name: &str, reason: RefusedReason) -> Refused {
        Refused::new(self.path_of(name), reason)
    }

    /// Refuses a resource of another type.
    pub(crate) fn expect_resource(&mut self, expected: &'static str) -> Result<(), Refused> {
        let node = self.required("resourceType")?;
        match node.text()? {
            found if found == expected => Ok(()),
            found => Err(node.refuse(RefusedReason::WrongResource { expected, found: found.to_owned() })),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(key, _)| key == name)
    }

    /// A member that may be missing.
    pub(crate) fn optional(&mut self, name: &str) -> Option<Node<'a>> {
        let place = self.members.iter().position(|(key, _)| key == name)?;
        if let Some(read) = self.read.get_mut(place) {
            *read = true;
        }
        self.members.get(place).map(|(key, value)| self.child(key, value))
    }

    /// A member that must be there.
    pub(crate) fn required(&mut self, name: &str) -> Result<Node<'a>, Refused> {
        self.optional(name).ok_or_else(|| self.refuse(name, RefusedReason::Missing))
    }

    /// The items of a member that may be missing; where it is there, it has items.
    pub(crate) fn items(&mut self, name: &str) -> Result<Vec<Node<'a>>, Refused> {
        self.optional(name).map_or_else(|| Ok(Vec::new()), |node| node.list())
    }

    /// All members: their keys and values.
    pub(crate) fn entries(&mut self) -> Vec<(&'a str, Node<'a>)> {
        self.read.fill(true);
        self.members.iter().map(|(key, value)| (key.as_str(), self.child(key, value))).collect()
    }

    fn child(&self, key: &str, value: &'a Value) -> Node<'a> {
        Node { path: self.path_of(key), value, extensions: self.extensions }
    }

    /// Passes over members that decide nothing, and over what FHIR JSON says about such members under `_name`.
    pub(crate) fn ignore(&mut self, names: &[&str]) {
        for ((key, _), read) in self.members.iter().zip(&mut self.read) {
            *read |= names.contains(&key.strip_prefix('_').unwrap_or(key));
        }
    }

    fn finish(self) -> Result<(), Refused> {
        self.unread().into_iter().next().map_or(Ok(()), Err)
    }

    /// Refuses modifiers in what nobody read.
    pub(crate) fn refuse_unread_modifiers(&self) -> Result<(), Refused> {
        let unread = self.members.iter().zip(&self.read).filter(|(_, read)| !**read);
        unread.map(|(member, _)| member).try_for_each(|(key, value)| refuse_member(key, value, &Path::Root(&self.path)))
    }

    /// A refusal of each member that nobody read.
    pub(crate) fn unread(mut self) -> Vec<Refused> {
        if self.extensions == Extensions::Ignored {
            self.ignore(&["extension"]);
        }
        let unread = self.members.iter().zip(&self.read).filter(|(_, read)| !**read);
        unread.map(|((key, _), _)| self.refuse(key, RefusedReason::UnknownElement)).collect()
    }
}

fn refuse_modifiers(value: &Value, path: &Path<'_>) -> Result<(), Refused> {
    match value {
        Value::Object(members) => members.iter().try_for_each(|(key, value)| refuse_member(key, value, path)),
        Value::List(items) => {
            items.iter().enumerate().try_for_each(|(place, value)| refuse_modifiers(value, &Path::Item(path, place)))
        }
        _ => Ok(()),
    }
}

/// Refuses a modifier under its key, and modifiers below it.
fn refuse_member(key: &str, value: &Value, object: &Path<'_>) -> Result<(), Refused> {
    let path = Path::Member(object, key);
    match key {
        "modifierExtension" => Err(path.refuse(RefusedReason::ModifierExtension)),
        "implicitRules" => Err(path.refuse(RefusedReason::ImplicitRules)),
        _ => refuse_modifiers(value, &path),
    }
}

fn join(path: &str, name: &str) -> String {
    match path {
        "$" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}
