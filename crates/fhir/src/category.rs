//! What kind of consent it is: R4 `Consent.scope`, and `Consent.category`. They sort consents: whoever asks may ask for one
//! kind only. Consents to a treatment and advance directives do not say who may have data.

use crate::coding::CONSENT_SCOPE;
use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};

/// The codes of `consentscope`. R4 makes the scope a modifier: one that is not known must not be passed over.
const SCOPES: &[&str] = &["adr", "patient-privacy", "research", "treatment"];

/// A coding of a scope or a category, as far as it is given. Any code system goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Category {
    pub(crate) system: Option<String>,
    pub(crate) code: String,
}

impl Category {
    /// A coding, or `None` where it has no code.
    pub(crate) fn read(node: &Node<'_>) -> Result<Option<Self>, Refused> {
        let mut object = node.clone().ignoring_extensions().open()?;
        let system = object.optional("system").map(|system| system.text()).transpose()?.map(str::to_owned);
        let code = object.optional("code").map(|code| code.text()).transpose()?;
        code.map(|code| Self { system, code: code.to_owned() }.known(node)).transpose()
    }

    /// The category; a scope must be one that is known.
    pub(crate) fn known(self, node: &Node<'_>) -> Result<Self, Refused> {
        match self.scope() {
            Some(code) if !SCOPES.contains(&code) => {
                let (system, code) = (CONSENT_SCOPE.canonical().to_owned(), code.to_owned());
                Err(node.refuse(RefusedReason::UnknownCode { system, code }))
            }
            _ => Ok(self),
        }
    }

    /// Whether the two may be the same: a system that is not named may be any.
    fn may_be(&self, other: &Self) -> bool {
        let names = |name: &str| CONSENT_SCOPE.knows(name);
        self.code == other.code
            && match (&self.system, &other.system) {
                (Some(one), Some(other)) => one == other || (names(one) && names(other)),
                _ => true,
            }
    }

    fn scope(&self) -> Option<&str> {
        self.system.as_deref().filter(|system| CONSENT_SCOPE.knows(system)).map(|_| self.code.as_str())
    }

    /// Whether it is the kind of consents that do not say who may have data.
    pub(crate) fn is_not_about_data(&self) -> bool {
        matches!(self.scope(), Some("adr" | "treatment"))
    }
}

/// Whether a consent of these kinds is none of those that are asked for. Its scope tells; its other codes rule out codes of
/// their own system only.
pub(crate) fn is_other_kind(own: &[Category], asked: &[Category]) -> bool {
    let is_asked = own.iter().any(|own| asked.iter().any(|asked| asked.may_be(own)));
    let tells = |own: &Category| {
        own.scope().is_some() || own.system.is_some() && asked.iter().any(|asked| asked.system == own.system)
    };
    !asked.is_empty() && !is_asked && own.iter().any(tells)
}

/// All codings of `scope` and `category`.
pub(crate) fn categories(object: &mut Object<'_>) -> Result<Vec<Category>, Refused> {
    let mut concepts: Vec<_> = object.optional("scope").into_iter().collect();
    concepts.extend(object.items("category")?);
    let mut all = Vec::new();
    for concept in concepts {
        let mut concept = concept.open()?;
        for coding in concept.items("coding")? {
            all.extend(Category::read(&coding)?);
        }
    }
    Ok(all)
}

/// Refuses consents that are about something other than data.
pub(crate) fn data_scope(object: &Object<'_>, categories: &[Category]) -> Result<(), Refused> {
    let mut scopes = categories.iter().filter(|category| category.scope().is_some());
    let Some(first) = scopes.next() else { return Ok(()) };
    match first.is_not_about_data() && scopes.all(Category::is_not_about_data) {
        true => {
            let name = if object.has("scope") { "scope" } else { "category" };
            Err(object.refuse(name, RefusedReason::Scope { code: first.code.clone() }))
        }
        false => Ok(()),
    }
}
