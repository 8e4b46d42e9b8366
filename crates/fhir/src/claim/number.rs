//! The provider's number of a claim: `Claim.identifier`, or else its id.

use super::{Assumed, Assumption, ClaimOptions};
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use crate::reference::identifier;

/// System and value of the number.
pub(super) fn number(
    object: &mut Object<'_>,
    options: &ClaimOptions,
    assumed: &mut Vec<Assumed>,
) -> Result<(String, String), Refused> {
    let id = object.optional("id");
    if let Some((system, value)) = stated(&object.items("identifier")?)? {
        return Ok((system.to_owned(), value.to_owned()));
    }
    match (&options.id_system, id) {
        (Some(system), Some(id)) => {
            let (system, value) = (system.clone(), id.text()?.to_owned());
            let what = Assumption::Number { system: system.clone(), value: value.clone() };
            assumed.push(Assumed { path: object.path_of("identifier"), what });
            Ok((system, value))
        }
        _ => Err(object.refuse("identifier", RefusedReason::Missing)),
    }
}

/// The identifier that holds: the official one, or else the only one. One without a system or a value counts where there is no
/// other: it is refused then.
fn stated<'a>(nodes: &[Node<'a>]) -> Result<Option<(&'a str, &'a str)>, Refused> {
    let mut incomplete = None;
    let mut found: Vec<(bool, &Node<'a>, (&str, &str))> = Vec::new();
    for node in nodes {
        let Some(official) = is_official(node)? else { continue };
        match identifier(node) {
            Ok(number) => found.push((official, node, number)),
            Err(refused) if refused.reason == RefusedReason::Missing => incomplete = incomplete.or(Some(refused)),
            Err(refused) => return Err(refused),
        }
    }
    let any_official = found.iter().any(|(official, ..)| *official);
    let mut held = found.into_iter().filter(|(official, ..)| *official == any_official);
    match (held.next(), incomplete) {
        (Some((_, _, number)), _) => match held.find(|(_, _, other)| *other != number) {
            Some((_, node, _)) => Err(node.refuse(RefusedReason::SeveralNumbers)),
            None => Ok(Some(number)),
        },
        (None, Some(refused)) => Err(refused),
        (None, None) => Ok(None),
    }
}

/// Whether an identifier is the official one; `None`: it holds no more, or not for long.
/// <https://hl7.org/fhir/R4/valueset-identifier-use.html>
fn is_official(node: &Node<'_>) -> Result<Option<bool>, Refused> {
    let Some(usage) = node.open()?.optional("use") else { return Ok(Some(false)) };
    match usage.text()? {
        "official" => Ok(Some(true)),
        "usual" | "secondary" => Ok(Some(false)),
        "old" | "temp" => Ok(None),
        other => {
            let system = String::from("http://hl7.org/fhir/identifier-use");
            Err(usage.refuse(RefusedReason::UnknownCode { system, code: other.to_owned() }))
        }
    }
}
