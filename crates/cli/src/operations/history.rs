//! What was done with a patient's consents, in words and as JSON.

use super::orders::{mandate_words, name, power_codes, proposal_hash, show_hash};
use super::Suite;
use crate::values::{period_json, show_time};
use salus_client::history::{Act, History, HistoryError, What};
use salus_client::{client_account, ink_account, AccountId32};
use salus_domain::consent::Consent;
use salus_fhir::consent_text;
use salus_fhir::directory::Directory;
use serde_json::{json, Value};

/// The registry's history, from the events of the chain.
///
/// # Errors
/// [`HistoryError`].
pub async fn read(suite: &Suite, progress: impl FnMut(u64)) -> Result<History, HistoryError> {
    History::read(&suite.chain, &suite.deployment.registry(), suite.deployment.block, progress).await
}

/// What was proposed to a patient, and how that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal<'a> {
    /// The act of proposing it.
    pub act: &'a Act,
    /// Who asks.
    pub proposer: AccountId32,
    /// What for.
    pub consent: &'a Consent,
    /// How it stands.
    pub answer: Answer,
}

/// How a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It waits for the patient.
    Standing,
    /// It was accepted as this consent.
    Accepted(u32),
    /// The patient rejected it.
    Rejected,
    /// Who made it took it back.
    Withdrawn,
    /// Another one of the same account took its place.
    Replaced,
}

impl Answer {
    /// One word for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Standing => "standing",
            Self::Accepted(_) => "accepted",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Replaced => "replaced",
        }
    }
}

/// Everything that was proposed to a patient, the earliest first.
#[must_use]
pub fn proposals<'a>(history: &'a History, patient: &AccountId32) -> Vec<Proposal<'a>> {
    let acts: Vec<&Act> = history.acts_of(ink_account(patient)).collect();
    let proposal = |(place, act): (usize, &&'a Act)| {
        let What::Proposed(proposer, consent) = &act.what else {
            return None;
        };
        let answer = acts.iter().skip(place.saturating_add(1)).find_map(|later| match &later.what {
            What::Accepted(by, id, _) if by == proposer => Some(Answer::Accepted(id.0)),
            What::Rejected(by) if by == proposer => Some(Answer::Rejected),
            What::Withdrawn(by) if by == proposer => Some(Answer::Withdrawn),
            What::Proposed(by, _) if by == proposer => Some(Answer::Replaced),
            _ => None,
        });
        let answer = answer.unwrap_or(Answer::Standing);
        Some(Proposal { act, proposer: client_account(*proposer), consent, answer })
    };
    acts.iter().enumerate().filter_map(proposal).collect()
}

/// What was done, as one line.
#[must_use]
pub fn line(act: &Act, directory: &Directory) -> String {
    let whom = |account| name(directory, &client_account(account).0);
    match &act.what {
        What::Recorded(id, _) => format!("consent {} was recorded", id.0),
        What::Amended(id, revision, _) => format!("consent {} was amended (revision {revision})", id.0),
        What::Revoked(id) => format!("consent {} was revoked", id.0),
        What::AllRevoked(count) => format!("every consent was revoked ({count})"),
        What::Lapsed(id) => format!("consent {}, which was over, made room for another one", id.0),
        What::Proposed(proposer, _) => format!("{} asked for a consent", whom(*proposer)),
        What::Accepted(proposer, id, _) => {
            format!("what {} asked for was accepted, as consent {}", whom(*proposer), id.0)
        }
        What::Rejected(proposer) => format!("what {} asked for was rejected", whom(*proposer)),
        What::Withdrawn(proposer) => format!("{} took back what it asked for", whom(*proposer)),
        What::ProxyNamed(proxy, mandate) => format!("{} was let {}", whom(*proxy), mandate_words(mandate)),
        What::ProxyRemoved(proxy) => format!("the mandate of {} was taken back", whom(*proxy)),
    }
}

/// Who did it and how; nothing where nobody did, or where [`line`] says it.
#[must_use]
pub fn doer(act: &Act, directory: &Directory) -> Option<String> {
    let by = act.by.filter(|_| !matches!(act.what, What::Proposed(..) | What::Withdrawn(_)))?;
    let whom = match by == act.patient {
        true => "the patient".to_owned(),
        false => name(directory, &client_account(by).0),
    };
    Some(match act.nonce {
        Some(nonce) => format!("by {whom}, by the signed order with nonce {nonce}"),
        None => format!("by {whom}"),
    })
}

/// The text of the consent that it is about, if it brought one.
#[must_use]
pub const fn text(act: &Act) -> Option<&Consent> {
    match &act.what {
        What::Recorded(_, consent)
        | What::Amended(_, _, consent)
        | What::Proposed(_, consent)
        | What::Accepted(_, _, consent) => Some(consent),
        _ => None,
    }
}

/// What was done, as JSON.
#[must_use]
pub fn act_json(act: &Act, directory: &Directory) -> Value {
    let account = |account| client_account(account).to_string();
    let (word, mut json) = match &act.what {
        What::Recorded(id, _) => ("recorded", json!({ "consent": id.0, "revision": 0 })),
        What::Amended(id, revision, _) => ("amended", json!({ "consent": id.0, "revision": revision })),
        What::Revoked(id) => ("revoked", json!({ "consent": id.0 })),
        What::AllRevoked(count) => ("all-revoked", json!({ "revoked": count })),
        What::Lapsed(id) => ("lapsed", json!({ "consent": id.0 })),
        What::Proposed(proposer, consent) => {
            ("proposed", json!({ "proposer": account(*proposer), "proposal": show_hash(proposal_hash(consent)) }))
        }
        What::Accepted(proposer, id, consent) => (
            "accepted",
            json!({
                "proposer": account(*proposer),
                "proposal": show_hash(proposal_hash(consent)),
                "consent": id.0,
                "revision": 0,
            }),
        ),
        What::Rejected(proposer) => ("rejected", json!({ "proposer": account(*proposer) })),
        What::Withdrawn(proposer) => ("withdrawn", json!({ "proposer": account(*proposer) })),
        What::ProxyNamed(proxy, mandate) => (
            "proxy-named",
            json!({
                "proxy": account(*proxy),
                "powers": power_codes(mandate.powers),
                "period": period_json(mandate.period),
            }),
        ),
        What::ProxyRemoved(proxy) => ("proxy-removed", json!({ "proxy": account(*proxy) })),
    };
    json["act"] = word.into();
    json["time"] = show_time(act.time).into();
    json["block"] = act.block.into();
    json["by"] = act.by.map(account).into();
    json["nonce"] = act.nonce.into();
    if let Some(consent) = text(act) {
        json["text"] = consent_text::lines(consent, directory).into();
        json["source"] = show_hash(consent.source).into();
        json["period"] = period_json(consent.period);
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::emitted::located;
    use salus_client::history::History;
    use salus_client::Located;
    use salus_domain::consent::Base;
    use salus_domain::ids::{ConsentId, Hash};
    use salus_domain::time::Period;
    use salus_interface::consent::{
        CarriedOut, ConsentProposed, Done, Instruction, Order, OrdersCarriedOut, ProposalWithdrawn,
    };

    const ROSA: AccountId32 = AccountId32([1; 32]);

    fn proposed(proposer: u8, source: u8) -> Located {
        let consent =
            Consent { base: Base::Deny, period: Period::ALWAYS, source: Hash([source; 32]), provisions: Vec::new() };
        located(&ConsentProposed { patient: ink_account(&ROSA), proposer: [proposer; 32].into(), consent })
    }

    fn history() -> History {
        let patient = ink_account(&ROSA);
        let own = |instruction, done, epoch| {
            let order = Order { patient, instruction };
            located(&OrdersCarriedOut { orders: vec![CarriedOut { order, proxy: None, nonce: None, done, epoch }] })
        };
        let events = [
            proposed(2, 1),
            proposed(3, 2),
            proposed(2, 3),
            own(Instruction::Accept([2; 32].into(), Hash([0; 32])), Done::Recorded(ConsentId(0)), 1),
            own(Instruction::Reject([3; 32].into()), Done::Rejected, 1),
            proposed(3, 4),
            located(&ProposalWithdrawn { patient, proposer: [3; 32].into() }),
            proposed(3, 5),
        ];
        History::of(&events).expect("events that follow from each other")
    }

    #[test]
    fn each_proposal_is_listed_with_its_own_answer() {
        let history = history();
        let answers: Vec<_> = proposals(&history, &ROSA).iter().map(|it| (it.consent.source.0[0], it.answer)).collect();
        let expected = [
            (1, Answer::Replaced),
            (2, Answer::Rejected),
            (3, Answer::Accepted(0)),
            (4, Answer::Withdrawn),
            (5, Answer::Standing),
        ];
        assert_eq!(answers, expected);
    }

    #[test]
    fn an_act_is_told_with_who_did_it_and_its_text() {
        let (history, directory) = (history(), Directory::default());
        let accepted = history.acts().iter().find(|act| matches!(act.what, What::Accepted(..))).expect("an answer");
        assert_eq!(doer(accepted, &directory).as_deref(), Some("by the patient"));
        let json = act_json(accepted, &directory);
        assert_eq!((json["act"].as_str(), json["consent"].as_u64()), (Some("accepted"), Some(0)));
        assert!(json["text"][0].as_str().is_some_and(|line| line.starts_with("Denies")), "{json}");
    }
}
