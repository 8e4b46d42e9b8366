//! Why a request is not carried out: one variant for each cause, with its status.

use crate::entry::Reason;
use crate::nodes::NoNode;
use crate::request::BadProof;
use crate::wire::{EntryRef, Problem};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::Json;
use salus_client::rules::Rule;
use salus_domain::time::Timestamp;

/// Why a request is not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no `Authorization` header.
    #[error("the request does not say who asks")]
    NoProof,
    /// The header is not a proof.
    #[error("the Authorization header cannot be read: {0}")]
    BadProof(BadProof),
    /// It was not signed just now.
    #[error("the request was not signed within two minutes of {} ms", .now.0)]
    Stale {
        /// The service's clock.
        now: Timestamp,
    },
    /// The signature is not the account's.
    #[error("the signature is not that of the account for this request")]
    BadSignature,
    /// There is no such route.
    #[error("there is no such route")]
    NoRoute,
    /// The route has other methods.
    #[error("the route does not know this method")]
    NoMethod,
    /// The path or the query is not what the route takes.
    #[error("the path or the query cannot be read")]
    BadPath,
    /// The body is not what the route takes.
    #[error("the body cannot be read")]
    BadBody,
    /// The body is too large.
    #[error("the body is larger than any that is taken")]
    TooLarge,
    /// The chain knows no such record.
    #[error("the chain knows no such record")]
    NoRecord,
    /// Nothing was released, and that is in the log.
    #[error("{}", reason_text(*.reason).0)]
    Refused {
        /// Why.
        reason: Reason,
        /// The entry of it.
        entry: EntryRef,
    },
    /// The ticket is not one of this service's for this account and version.
    #[error("the ticket is not good for this version and account")]
    BadTicket,
    /// The ticket is over.
    #[error("the ticket is over")]
    TicketOver,
    /// The vault does not have it.
    #[error("the vault does not have this version")]
    NotInVault,
    /// It was destroyed.
    #[error("the record was erased")]
    Gone,
    /// The caller may not do that.
    #[error("the caller may not do that")]
    NotAllowed,
    /// The chain does not say that the record was erased.
    #[error("the record is not erased")]
    NotErased,
    /// The bytes are not an envelope of this version for this key.
    #[error("the bytes are not an envelope of this version for this key")]
    BadEnvelope,
    /// There is another envelope for this key.
    #[error("there is another envelope for this key")]
    OtherEnvelope,
    /// The log has fewer entries.
    #[error("the log has fewer entries than that")]
    BeyondLog,
    /// No node can be asked.
    #[error("{0}")]
    NoNode(NoNode),
    /// The consent registry did not answer the contract.
    #[error("the contract could not decide")]
    Undecided,
    /// The release is not on the chain yet.
    #[error("the release is in the log, and not yet on the chain")]
    NotLogged {
        /// The entry.
        entry: EntryRef,
    },
    /// Entries of the log have not come onto the chain for too long.
    #[error("entries of the log are not yet on the chain for too long")]
    Unanchored,
    /// The log cannot be written to.
    #[error("the log cannot be written to")]
    LogFailed,
    /// The vault failed.
    #[error("the vault failed")]
    VaultFailed,
    /// Too many requests at a time.
    #[error("too many requests at a time")]
    Busy,
    /// It took too long.
    #[error("it took too long")]
    TimedOut,
}

/// What a reason is called, what it says, and what to do about it.
fn reason_text(reason: Reason) -> (String, &'static str, &'static str) {
    let fixed = |message: &str, next, code| (message.to_owned(), next, code);
    match reason {
        Reason::PermitNotFinal => {
            fixed("the block of the permit is not final", "ask again once it is", "permit_not_final")
        }
        Reason::NoPermit => {
            fixed("there is no decision at that place", "give the place of the event AccessDecided", "no_permit")
        }
        Reason::OtherAccessor => {
            fixed("the permit is somebody else's", "request access by the account that collects", "other_accessor")
        }
        Reason::OtherRecord => {
            fixed("the permit is for another record", "give the permit for this record", "other_record")
        }
        Reason::OtherAction => fixed(
            "the permit is for an action that does not open the record",
            "request access, use, disclosure or correction",
            "other_action",
        ),
        Reason::OtherVersion => {
            fixed("the permit is for another version", "ask for the version that is permitted", "other_version")
        }
        Reason::PermitRefused(refusal) => {
            (format!("that decision is a refusal: {}", refusal.rule()), refusal.next_step(), "permit_refused")
        }
        Reason::PermitOver => fixed("the permit is over", "request access again", "permit_over"),
        Reason::Refused(refusal) => {
            (format!("no longer permitted: {}", refusal.rule()), refusal.next_step(), "refused")
        }
        Reason::Superseded => fixed("the record has a newer version", "request access again", "superseded"),
        Reason::KeyRevoked => {
            fixed("that is not the key on the chain", "publish a key, or ask with the one published", "key_revoked")
        }
        Reason::NoEnvelope => {
            fixed("the vault has no envelope for the key", "have the patient or the custodian share it", "no_envelope")
        }
    }
}

impl Rejection {
    /// The status, the name, and what to do about it.
    #[must_use]
    pub fn parts(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::NoProof => (S::UNAUTHORIZED, "no_proof", "sign the request"),
            Self::BadProof(_) => (S::UNAUTHORIZED, "bad_proof", "send `Salus <account>:<time>:<nonce>:<signature>`"),
            Self::Stale { .. } => (S::UNAUTHORIZED, "stale", "set the clock, and sign the request again"),
            Self::BadSignature => {
                (S::UNAUTHORIZED, "bad_signature", "check the account, the chain and the address of the contract")
            }
            Self::NoRoute => (S::NOT_FOUND, "no_route", "see the README of the service"),
            Self::NoMethod => (S::METHOD_NOT_ALLOWED, "no_method", "see the README of the service"),
            Self::BadPath => (S::BAD_REQUEST, "bad_path", "see the README of the service"),
            Self::BadBody => (S::BAD_REQUEST, "bad_body", "see the README of the service"),
            Self::TooLarge => (S::PAYLOAD_TOO_LARGE, "too_large", "send less"),
            Self::NoRecord => (S::NOT_FOUND, "no_record", "check the record's id"),
            Self::Refused { reason, .. } => {
                let (_, next, code) = reason_text(*reason);
                let status = match reason {
                    Reason::NoPermit | Reason::NoEnvelope => S::NOT_FOUND,
                    Reason::PermitNotFinal => S::CONFLICT,
                    _ => S::FORBIDDEN,
                };
                (status, code, next)
            }
            Self::BadTicket => (S::FORBIDDEN, "bad_ticket", "ask for a release, and take its ticket"),
            Self::TicketOver => (S::FORBIDDEN, "ticket_over", "ask for a release again"),
            Self::NotInVault => (S::NOT_FOUND, "not_in_vault", "ask the custodian where it is kept"),
            Self::Gone => (S::GONE, "erased", "it cannot be opened any more"),
            Self::NotAllowed => (S::FORBIDDEN, "not_allowed", "see who may in the README of the service"),
            Self::NotErased => (S::CONFLICT, "not_erased", "have the patient erase it, and wait until that is final"),
            Self::BadEnvelope => (S::UNPROCESSABLE_ENTITY, "bad_envelope", "wrap the key again"),
            Self::OtherEnvelope => (S::CONFLICT, "other_envelope", "remove it first"),
            Self::BeyondLog => (S::NOT_FOUND, "beyond_log", "ask for the head of the log first"),
            Self::NoNode(NoNode::Unavailable | NoNode::NotKept) => {
                (S::SERVICE_UNAVAILABLE, "node_unavailable", "try again later")
            }
            Self::NoNode(_) => (S::SERVICE_UNAVAILABLE, "node_behind", "try again later"),
            Self::Undecided => (S::SERVICE_UNAVAILABLE, "undecided", "try again later"),
            Self::NotLogged { .. } => (S::SERVICE_UNAVAILABLE, "not_logged", "send the same request again"),
            Self::Unanchored => (S::SERVICE_UNAVAILABLE, "not_logged", "send the same request again, later"),
            Self::LogFailed => (S::SERVICE_UNAVAILABLE, "log_failed", "tell whoever runs the service"),
            Self::VaultFailed => (S::SERVICE_UNAVAILABLE, "vault_failed", "try again later"),
            Self::Busy => (S::SERVICE_UNAVAILABLE, "busy", "try again later"),
            Self::TimedOut => (S::SERVICE_UNAVAILABLE, "timed_out", "send the same request again"),
        }
    }

    /// What the caller is told.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (_, code, next) = self.parts();
        let refusal = match self {
            Self::Refused { reason: Reason::Refused(refusal) | Reason::PermitRefused(refusal), .. } => {
                Some(refusal.name())
            }
            _ => None,
        };
        let entry = match self {
            Self::Refused { entry, .. } | Self::NotLogged { entry } => Some(*entry),
            _ => None,
        };
        Problem { code: code.into(), message: self.to_string(), next: next.into(), refusal, entry }
    }
}

impl From<NoNode> for Rejection {
    fn from(no_node: NoNode) -> Self {
        Self::NoNode(no_node)
    }
}

impl From<BadProof> for Rejection {
    fn from(bad: BadProof) -> Self {
        Self::BadProof(bad)
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        (self.parts().0, Json(self.problem())).into_response()
    }
}
