//! A consent in plain English, for the patient who is to agree to it and for whoever asks what was agreed.

use crate::directory::Directory;
use jiff::tz::TimeZone;
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision};
use salus_domain::ids::Account;
use salus_domain::time::{Period, Timestamp};

/// The consent line by line: what holds otherwise, then each provision below what it is an exception to, indented by two
/// spaces per level. Actors appear as the directory knows them, others as their account in hexadecimal. Dates are UTC.
#[must_use]
pub fn lines(consent: &Consent, directory: &Directory) -> Vec<String> {
    let otherwise = match consent.base {
        Base::Permit => "Permits everything, except as said below",
        Base::Deny => "Denies everything, except as said below",
        Base::Silent => "Says nothing, except as said below",
    };
    let frame = format!("{otherwise}. {}.", capitalised(&within("it counts", consent.period)));
    let provisions = consent.provisions.iter().map(|provision| line(provision, directory));
    std::iter::once(frame).chain(provisions).collect()
}

fn line(provision: &Provision, directory: &Directory) -> String {
    let decision = match provision.decision {
        Decision::Permit => "Permits",
        Decision::Deny => "Denies",
    };
    let mut parts = Vec::new();
    if !provision.actors.is_empty() {
        parts.push(any_of(provision.actors.iter().map(|actor| name(actor, directory))));
    }
    let actions = match provision.actions.is_empty() {
        true => String::from("any action"),
        false => any_of(provision.actions.iter().map(|action| action.display().to_lowercase())),
    };
    parts.push(format!("to do: {actions}"));
    let purposes = match provision.purposes.is_empty() {
        true => String::from("any purpose"),
        false => any_of(provision.purposes.iter().map(|purpose| format!("{} ({})", purpose.display(), purpose.code()))),
    };
    parts.push(format!("for: {purposes}"));
    parts.push(data(provision));
    if let Some(period) = provision.period {
        parts.push(within("it holds", period));
    }
    let whom = if provision.actors.is_empty() { " anybody" } else { "" };
    format!("{}- {decision}{whom} {}.", "  ".repeat(usize::from(provision.depth)), parts.join("; "))
}

fn data(provision: &Provision) -> String {
    let mut parts = Vec::new();
    if !provision.classes.is_empty() {
        parts.push(any_of(provision.classes.iter().map(|class| class.display().to_owned())));
    }
    let levels = provision.confidentiality.iter().map(|level| format!("{} confidentiality", level.display()));
    let labels = provision.sensitivity.iter().map(|label| format!("{} ({})", label.display(), label.code()));
    match provision.decision {
        // A deny matches either kind of label, a permit needs both: see `salus_domain::evaluate`.
        Decision::Deny => parts.extend(labelled(any_of(levels.chain(labels)))),
        Decision::Permit => {
            parts.extend(labelled(any_of(levels)));
            parts.extend(labelled(any_of(labels)));
        }
    }
    if let Some(period) = provision.data_period {
        parts.push(within("made", period));
    }
    match parts.is_empty() {
        true => String::from("with: any data"),
        false => format!("with: {}", parts.join(", ")),
    }
}

fn labelled(labels: String) -> Option<String> {
    (!labels.is_empty()).then(|| format!("labelled {labels}"))
}

fn name(actor: &Actor, directory: &Directory) -> String {
    let known = |account: &Account| match directory.key(*account) {
        Some(key) => key.to_owned(),
        None => format!("0x{}", hex::encode(account.0)),
    };
    match actor {
        Actor::Account(account) => known(account),
        Actor::Organisation(account) => format!("whoever is credentialed for {}", known(account)),
        Actor::Role(role) => format!("whoever is credentialed as {}", role.display()),
    }
}

fn any_of(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<_> = parts.collect();
    match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

fn within(what: &str, period: Period) -> String {
    match (period.start == Timestamp::MIN, period.end == Timestamp::MAX) {
        (true, true) => format!("{what} at any time"),
        (false, true) => format!("{what} from {} on", moment(period.start)),
        (true, false) => format!("{what} before {}", moment(period.end)),
        (false, false) => format!("{what} from {} until before {}", moment(period.start), moment(period.end)),
    }
}

fn moment(at: Timestamp) -> String {
    let known = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    match known {
        Some(time) if at.0.is_multiple_of(salus_domain::time::DAY) => time.to_zoned(TimeZone::UTC).date().to_string(),
        Some(time) => time.to_string(),
        None => format!("{} ms after 1970", at.0),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
