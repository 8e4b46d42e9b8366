//! Every refusal in words: which rule refused, and what to do next. The one place where the contracts' errors are put
//! for people.

mod claims;

use salus_domain::consent::{Malformed, MAX_ACTIVE_CONSENTS, MAX_ACTORS, MAX_DEPTH, MAX_PROVISIONS};
use salus_domain::mandate::MandateMalformed;
use salus_domain::request::Principal;
use salus_interface::access::{AccessError, Condition, Refusal};
use salus_interface::consent::{ConsentError, RelayError, MAX_DECODED_CONSENT, MAX_ENCODED_CONSENT, MAX_ORDERS};

/// A refusal by a contract.
pub trait Rule: std::fmt::Debug + Send + Sync + 'static {
    /// The rule that refused, in one sentence.
    fn rule(&self) -> String;
    /// What to do about it.
    fn next_step(&self) -> &'static str;
    /// Its name in the contract, for example `NotInsurer`.
    fn name(&self) -> String {
        format!("{self:?}")
    }
}

impl Rule for ConsentError {
    fn rule(&self) -> String {
        match self {
            Self::Malformed(malformed) => match malformed {
                Malformed::TooDeep => format!("provisions may nest {MAX_DEPTH} deep"),
                Malformed::TooManyProvisions => format!("a consent may have {MAX_PROVISIONS} provisions"),
                Malformed::TooManyActors => format!("a provision may name {MAX_ACTORS} actors"),
                Malformed::BrokenNesting => "each provision belongs to one that is one level above it".into(),
                Malformed::EmptyPeriod => "a period must end after it begins".into(),
                Malformed::SaysNothing => "a consent must decide something".into(),
            },
            Self::TooLarge => {
                format!("a consent may have {MAX_ENCODED_CONSENT} bytes encoded and {MAX_DECODED_CONSENT} decoded")
            }
            Self::AlreadyOver => "a consent whose period has ended can never count".into(),
            Self::TooManyActive => format!("a patient may have {MAX_ACTIVE_CONSENTS} active consents"),
            Self::NotFound => {
                "a consent can only be changed while it is in force, and the patient has none such".into()
            }
            Self::IdsUsedUp => "the account has used up its consent ids, revisions or nonces".into(),
            Self::NoProposal => "that account proposes nothing to the patient".into(),
            Self::ProposalChanged => {
                "only that can be accepted which was agreed to, and now something else is proposed".into()
            }
            Self::MandateMalformed(malformed) => match malformed {
                MandateMalformed::NoPowers => "a mandate gives at least one power".into(),
                MandateMalformed::EmptyPeriod => "a mandate must end after it begins".into(),
                MandateMalformed::AlreadyOver => "a mandate must end in the future".into(),
            },
            Self::NoProxy => "that account is no proxy of the patient's".into(),
            Self::NotMandated => "only the patient may do that, or a proxy whose mandate gives that power now".into(),
            Self::TooManyOrders => format!("one message carries out at most {MAX_ORDERS} orders"),
            Self::OtherChain => "the signatures are for another chain".into(),
            Self::OtherContract => "the signatures are for another consent registry".into(),
        }
    }
    fn next_step(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::TooLarge => "split it into several consents, or mend the document",
            Self::AlreadyOver => "give it a period that ends in the future",
            Self::TooManyActive => "revoke a consent that is no longer needed (`salus consent list`)",
            Self::NotFound => "see what is in force with `salus consent list`",
            Self::IdsUsedUp => "use another account",
            Self::NoProposal => "see what is proposed with `salus proposal list`",
            Self::ProposalChanged => "read what is proposed now (`salus proposal show`), and accept that if you agree",
            Self::MandateMalformed(MandateMalformed::NoPowers) => "give it a power (`--power`)",
            Self::MandateMalformed(_) => "give it a later end (`--until`)",
            Self::NoProxy => "see who is one with `salus proxy list`",
            Self::NotMandated => "sign as the patient, or have the patient name this account (`salus proxy name`)",
            Self::TooManyOrders => "split them",
            Self::OtherChain => "relay them on the chain for which they were signed",
            Self::OtherContract => "relay them to the registry for which they were signed (`--deployment`)",
        }
    }
}

impl Rule for RelayError {
    fn rule(&self) -> String {
        match self {
            Self::DeadlineOver => "the order's deadline is over".into(),
            Self::NonceUsed => {
                "the order's nonce is used: it was carried out before, or another order of the signer's was".into()
            }
            Self::NonceAhead => "an order of the same signer with an earlier nonce is missing".into(),
            Self::BadSignature => {
                "the signature is not the signer's for this order, on this chain, for this contract".into()
            }
            Self::Refused(error) => error.rule(),
        }
    }
    fn next_step(&self) -> &'static str {
        match self {
            Self::DeadlineOver => "have it signed anew with a later deadline",
            Self::NonceUsed => "see what was done with `salus consent history`; if not this, have it signed anew",
            Self::NonceAhead => {
                "relay that one first, or have this one signed with the next nonce (`salus relay nonce`)"
            }
            Self::BadSignature => "have it signed anew, by the patient or the proxy whom it names",
            Self::Refused(error) => error.next_step(),
        }
    }
    fn name(&self) -> String {
        match self {
            Self::Refused(error) => error.name(),
            own => format!("{own:?}"),
        }
    }
}

impl Rule for AccessError {
    fn rule(&self) -> String {
        match self {
            Self::NotGovernor => "only the governor names credentialing authorities",
            Self::NotAuthority => {
                "only a credentialing authority may do that, or the organisation while it is accredited"
            }
            Self::OtherIssuer => "somebody else vouches for it",
            Self::BeyondAccreditation => "an organisation vouches only in the roles that it is accredited for",
            Self::Barred => "a review suspended the provider; only an authority lifts that",
            Self::NotCredentialed => "only a credentialed provider may do that; register records: also the patient",
            Self::NotCustodian => "only whoever registered the record may do that; set a condition: also the patient",
            Self::NotPatient => "only the patient may do that, or a proxy with the power over records",
            Self::NotFound => {
                "there is no such authority, accreditation, credential, key, record, agreement or emergency"
            }
            Self::NoRoles => "a credential needs at least one role",
            Self::AlreadyOver => "it must end in the future",
            Self::TooManyCredentials => {
                return format!("a provider works for at most {} organisations", Principal::MAX_ORGANISATIONS)
            }
            Self::WeakKey => "a key of small order protects nothing",
            Self::AlreadyRegistered => "the caller has registered this commitment before",
            Self::EmptyPeriod => "a period must end after it begins",
            Self::VersionsUsedUp => "the record has used up its version numbers",
            Self::Erased => "the record was erased",
            Self::BadCondition => {
                return format!(
                    "a condition names 1 to {} different parties, and how many of them must agree",
                    Condition::MAX_PARTIES
                )
            }
            Self::NotParty => "only a party that a condition of the record names agrees",
            Self::BadSignature => "the link's key did not sign this",
            Self::AlreadyRedeemed => "somebody else has redeemed the link",
            Self::WrongBond => "the value sent is not the bond",
            Self::EmergencyOpen => "the provider's last emergency with this patient is not closed",
            Self::EmergencyClosed => "the emergency is closed",
            Self::ReviewTooEarly => {
                "the patient still has time to dispute it: it is justified only when the access is over"
            }
            Self::ReviewOver => "the deadline for the review is over",
            Self::ReviewNotOver => "the deadline for the review is not over",
            Self::OwnEmergency => "nobody breaks the glass to their own records, or reviews an emergency of their own",
            Self::TransferFailed => "the chain refused the transfer; nothing was paid",
            Self::BadTerms => {
                "the bond must be enough to keep an account alive, and the review not end before the access"
            }
            Self::NotConsistent => "the new root does not continue the one that is anchored",
            Self::OutOfOrder => "it is not the next entry of the log",
            Self::ConsentRegistryFailed => "without an answer of the consent registry nothing is decided",
            Self::NotAContract => "the consent registry must be a contract",
        }
        .into()
    }
    fn next_step(&self) -> &'static str {
        match self {
            Self::NotGovernor => "sign as the account that deployed access grants",
            Self::NotAuthority => {
                "have the governor add this account (`salus access authority add`), or an authority accredit it \
                 (`salus access accredit`)"
            }
            Self::OtherIssuer => "ask whoever vouched",
            Self::BeyondAccreditation => {
                "have the authority accredit the organisation for them (`salus access accredit`)"
            }
            Self::Barred => "ask a credentialing authority",
            Self::NotCredentialed => {
                "have an authority or organisation credential this account (`salus access credential`)"
            }
            Self::NotPatient => "sign as the patient, or have the patient name you (`salus proxy name`)",
            Self::Erased => "register a new record",
            Self::BadCondition => "name each party once",
            Self::NotParty => "see who is asked with `salus record show`",
            Self::BadSignature | Self::AlreadyRedeemed => "ask the patient for a new link",
            Self::WrongBond => "send exactly the bond (`salus emergency terms`)",
            Self::EmergencyOpen => "have it reviewed; after the deadline anybody closes it (`salus emergency forfeit`)",
            Self::EmergencyClosed => "see how it ended with `salus emergency show`",
            Self::ReviewTooEarly => "review it when the access is over (`salus emergency show`)",
            Self::ReviewOver => "the bond goes to the patient (`salus emergency forfeit`)",
            Self::ReviewNotOver => "wait for it (`salus emergency show`)",
            Self::OwnEmergency => "another authority reviews it",
            Self::TransferFailed => "check that the account can receive tokens",
            Self::BadTerms => "give other terms",
            Self::NotConsistent => "compare the log with what is anchored (`salus audit verify`)",
            Self::OutOfOrder => "go on with the next number",
            Self::NotCustodian => "sign as the record's custodian (`salus record show`)",
            Self::NotFound => "check the address or the record's id",
            Self::NoRoles => "name a role, for example `--role doctor`",
            Self::AlreadyOver | Self::EmptyPeriod => "give a later end",
            Self::TooManyCredentials => "let one end: have its authority vouch again with an early --until",
            Self::WeakKey => "publish a key that was made at random (`salus key publish`)",
            Self::AlreadyRegistered => "use the record that is there, or another salt",
            Self::VersionsUsedUp => "register a new record",
            Self::ConsentRegistryFailed | Self::NotAContract => "check the deployment with `salus verify`",
        }
    }
}

impl Rule for Refusal {
    fn rule(&self) -> String {
        match self {
            Self::NotCredentialed => "no authority vouches for the caller".into(),
            Self::CredentialExpired => "every credential of the caller is over".into(),
            Self::CredentialSuspended => "the caller's credential is suspended".into(),
            Self::NoConsent => "no consent of the patient permits it".into(),
            Self::DeniedBy(deciding) => match deciding.provision {
                Some(provision) => format!("provision {provision} of consent {} denies it", deciding.consent.0),
                None => format!("consent {} denies what it does not permit", deciding.consent.0),
            },
            Self::NotAgreed => "not enough of the parties to a condition of the record have agreed".into(),
            Self::Erased => "the record was erased".into(),
            Self::NotRedeemed => "the caller has not redeemed this share link".into(),
        }
    }
    fn next_step(&self) -> &'static str {
        match self {
            Self::NotCredentialed | Self::CredentialExpired | Self::CredentialSuspended => {
                "ask a credentialing authority, or the organisation"
            }
            Self::NotAgreed => "have them agree (`salus record agree`)",
            Self::Erased => "it cannot be opened any more",
            Self::NotRedeemed => "redeem it first (`salus share redeem`)",
            Self::NoConsent | Self::DeniedBy(_) => "ask the patient for consent",
        }
    }
}
