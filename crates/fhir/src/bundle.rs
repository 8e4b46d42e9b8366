//! The resources of one type in a document: the document itself, or the entries of a `Bundle`.
//! <https://hl7.org/fhir/R4/bundle.html>
//!
//! Nothing that may be of the type is passed over: an entry that does not say what it is, one that deletes something and a
//! Bundle within the Bundle are refused, each on its own. Entries of other types are nobody's concern.

use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::json::Document;
use crate::reference::kind_of;

/// How many refused resources of a Bundle are told.
pub const MAX_REFUSED: usize = 1_000;

/// A resource of the type, or an entry that may be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// Where it stands: `Claim`, or `Bundle.entry[3].resource`; `Bundle` of what is said of all that follows. All paths in it
    /// begin so.
    pub path: String,
    /// Its `id`, where it has one.
    pub id: Option<String>,
    /// What became of it.
    pub compiled: Result<T, Refused>,
}

/// Reads each resource of the type `kind` with `read`, in the order of the document: at least one. `read` is also told the
/// `fullUrl` of the entry, where it has one. References between entries (`urn:uuid:…`) stay as they are written. One that is
/// refused keeps no other back, but for those behind [`MAX_REFUSED`] such: there [`RefusedReason::TooManyRefused`] is said of the
/// Bundle, with the entry from which on nothing is read.
///
/// # Errors
/// [`Refused`] where the document cannot be read so far that its resources are found; [`RefusedReason::WrongResource`] where
/// there is none of the type, [`RefusedReason::History`] of old versions of them.
pub(crate) fn find<T>(
    document: &[u8],
    kind: &'static str,
    read: impl Fn(&Node<'_>, Option<&str>) -> Result<T, Refused>,
) -> Result<Vec<Found<T>>, Refused> {
    let document = Document::parse(document)?;
    let root = document.root();
    let mut object = root.clone().ignoring_extensions().open()?;
    let own = object.required("resourceType")?;
    let other = |found: &str| Err(own.refuse(RefusedReason::WrongResource { expected: kind, found: found.to_owned() }));
    match own.text()? {
        found if found == kind => Ok(Vec::from([resource(&root, Ok(()), |node| read(node, None))])),
        "Bundle" => {
            let entries = entries(&mut object)?;
            let found = found_in(root.path(), &entries, kind, &read);
            if found.is_empty() {
                return other("Bundle");
            }
            ensure_current(&mut object)?;
            object.refuse_unread_modifiers()?;
            Ok(found)
        }
        found => other(found),
    }
}

fn found_in<T>(
    bundle: &str,
    entries: &[Node<'_>],
    kind: &str,
    read: &impl Fn(&Node<'_>, Option<&str>) -> Result<T, Refused>,
) -> Vec<Found<T>> {
    let (mut all, mut refused) = (Vec::new(), 0);
    for node in entries {
        let Some(found) = entry(node, kind, read) else { continue };
        refused += usize::from(found.compiled.is_err());
        if refused > MAX_REFUSED {
            let compiled = Err(node.refuse(RefusedReason::TooManyRefused { limit: MAX_REFUSED }));
            all.push(Found { path: bundle.to_owned(), id: None, compiled });
            break;
        }
        all.push(found);
    }
    all
}

/// The entries of a Bundle. Servers write an empty list where they found nothing.
fn entries<'a>(bundle: &mut Object<'a>) -> Result<Vec<Node<'a>>, Refused> {
    match bundle.items("entry") {
        Err(Refused { reason: RefusedReason::Empty, .. }) => Ok(Vec::new()),
        entries => entries,
    }
}

fn ensure_current(bundle: &mut Object<'_>) -> Result<(), Refused> {
    match bundle.optional("type") {
        Some(kind) if kind.text()? == "history" => Err(kind.refuse(RefusedReason::History)),
        _ => Ok(()),
    }
}

/// What an entry holds of the type; `None`: something else.
fn entry<T>(
    node: &Node<'_>,
    kind: &str,
    read: &impl Fn(&Node<'_>, Option<&str>) -> Result<T, Refused>,
) -> Option<Found<T>> {
    let refused = |at: &Node<'_>, refused| Found { path: at.path().to_owned(), id: None, compiled: Err(refused) };
    let mut object = match node.open() {
        Ok(object) => object,
        Err(error) => return Some(refused(node, error)),
    };
    let Some(inner) = object.optional("resource") else {
        return ensure_kept(&mut object, Some(kind)).err().map(|error| refused(node, error));
    };
    match type_of(&inner) {
        Ok(own) if own == kind => {}
        Ok("Bundle") => return Some(refused(&inner, inner.refuse(RefusedReason::NestedBundle))),
        Ok(_) => return None,
        Err(error) => return Some(Found { id: id_of(&inner), ..refused(&inner, error) }),
    }
    let kept = ensure_kept(&mut object, None).and_then(|()| object.refuse_unread_modifiers());
    let full_url = object.optional("fullUrl").and_then(|url| url.text().ok());
    Some(resource(&inner, kept, |node| read(node, full_url)))
}

/// Refuses an entry that deletes a resource; where a type is given, a resource of that type or of one that is not told.
fn ensure_kept(entry: &mut Object<'_>, kind: Option<&str>) -> Result<(), Refused> {
    let Some(node) = entry.optional("request") else { return Ok(()) };
    node.refuse_modifiers()?;
    let mut request = node.open()?;
    let Some(method) = request.optional("method") else { return Ok(()) };
    let url = request.optional("url").map(|url| url.text()).transpose()?;
    let is_other = |kind: &str| url.and_then(kind_of).is_some_and(|deleted| deleted != kind);
    match method.text()? {
        "DELETE" if !kind.is_some_and(is_other) => Err(method.refuse(RefusedReason::Deletion)),
        _ => Ok(()),
    }
}

fn type_of<'a>(resource: &Node<'a>) -> Result<&'a str, Refused> {
    resource.open()?.required("resourceType")?.text()
}

fn id_of(resource: &Node<'_>) -> Option<String> {
    resource.open().ok()?.optional("id")?.text().ok().map(str::to_owned)
}

/// A resource, unless what it stands in refuses it.
fn resource<T>(
    node: &Node<'_>,
    kept: Result<(), Refused>,
    read: impl FnOnce(&Node<'_>) -> Result<T, Refused>,
) -> Found<T> {
    let compiled = kept.and_then(|()| node.refuse_modifiers()).and_then(|()| read(node));
    Found { path: node.path().to_owned(), id: id_of(node), compiled }
}
