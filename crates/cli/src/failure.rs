//! Every failure of a command: its exit code, its stable code, the rule that refused and the next step.

mod services;

use crate::operations::documents::FileError;
use crate::operations::links::LinkError;
use crate::operations::records::export::ExportError;
use crate::operations::OperationError;
use salus_client::bundle::BundleError;
use salus_client::deployment::DeployError;
use salus_client::history::HistoryError;
use salus_client::rules::Rule;
use salus_client::signer::SignerError;
use salus_client::{CallError, ClientError};
use salus_fhir::RefusedReason;
use salus_interface::claims::ClaimsError;
use salus_interface::consent::{ConsentError, RelayError};
use std::fmt::Display;

/// What separates an error's message from the next step, in the texts of `salus_client` and of the operations.
const NEXT: &str = "\n  next: ";

/// The exit codes of `salus`. They are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It was done.
    Done = 0,
    /// Something that should not happen.
    Internal = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A rule of a contract or of consent refused, or verifying found a difference.
    Refused = 3,
    /// A document, a file or another input is wrong.
    Input = 4,
    /// The chain cannot be reached or is not the right one, or what is done in batches was interrupted.
    Chain = 5,
    /// The account cannot pay.
    Funds = 6,
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// Which failure it is: stable, for programs.
    pub code: String,
    /// The rule that refused, where it was one.
    pub rule: Option<String>,
    /// What happened, in one sentence.
    pub message: String,
    /// What to do about it.
    pub next_step: String,
}

impl Failure {
    /// A failure that no rule is behind.
    pub fn new(exit: Exit, code: &str, message: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { exit, code: code.to_owned(), rule: None, message: message.into(), next_step: next_step.into() }
    }

    /// An input that is wrong.
    pub fn input(code: &str, message: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self::new(Exit::Input, code, message, next_step)
    }

    /// A command line that is wrong.
    pub fn usage(message: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message, next_step)
    }

    /// As JSON: `{code, rule, nextStep, message}`.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let Self { code, rule, message, next_step, .. } = self;
        serde_json::json!({ "code": code, "rule": rule, "nextStep": next_step, "message": message })
    }

    /// An error whose text names the next step behind [`NEXT`], or does not: then it is `next_step`.
    fn of(exit: Exit, code: &str, error: &impl Display, next_step: &str) -> Self {
        let text = error.to_string();
        let (message, next_step) = text.split_once(NEXT).unwrap_or((&text, next_step));
        Self::new(exit, code, message, next_step)
    }

    fn refused(contract: &str, rule: &impl Rule) -> Self {
        Self {
            exit: Exit::Refused,
            code: format!("{contract}.{}", variant(&rule.name())),
            rule: Some(rule.rule()),
            message: format!("refused: {}", rule.rule()),
            next_step: rule.next_step().to_owned(),
        }
    }

    fn call<E: Rule>(contract: &str, error: CallError<E>) -> Self {
        match error {
            CallError::Refused(rule) => Self::refused(contract, &rule),
            CallError::Client(error) => error.into(),
        }
    }
}

/// The name of a variant without what it holds: it stays while the contents change.
fn variant(name: &str) -> &str {
    name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default()
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        use Exit::{Chain, Funds, Input, Internal};
        let (exit, code) = match &error {
            ClientError::Unreachable { .. } => (Chain, "chain.unreachable"),
            ClientError::BadUrl(_) => (Input, "input.url"),
            ClientError::NotAContractsChain { .. } => (Chain, "chain.notAContractsChain"),
            ClientError::Node(_) => (Chain, "chain.node"),
            ClientError::NotIncluded(_) => (Chain, "chain.notIncluded"),
            ClientError::Unconfirmed { .. } => (Chain, "chain.unconfirmed"),
            ClientError::NoFunds { .. } => (Funds, "funds"),
            ClientError::Dispatch(_) => (Chain, "chain.refused"),
            ClientError::Trapped { .. } => (Chain, "chain.trapped"),
            ClientError::NoContract(_) => (Chain, "chain.noContract"),
            ClientError::Undecodable { .. } => (Chain, "chain.otherContract"),
            ClientError::NoDevClock => (Chain, "chain.noDevClock"),
            ClientError::NoEvent(_) => (Chain, "chain.noEvent"),
            _ => (Internal, "internal"),
        };
        Self::of(exit, code, &error, "see what the node logs; then do the same again")
    }
}

impl From<DeployError> for Failure {
    fn from(error: DeployError) -> Self {
        match error {
            DeployError::Client(error) => error.into(),
            DeployError::File(..) => Self::of(Exit::Input, "deployment.file", &error, ""),
            DeployError::NotADeployment(..) => {
                Self::of(Exit::Input, "deployment.malformed", &error, "mend the file, or deploy again (`salus deploy`)")
            }
            DeployError::OtherChain { .. } => Self::of(Exit::Chain, "deployment.otherChain", &error, ""),
            DeployError::Constructor { ref rule, .. } => {
                let rule = Some(rule.clone());
                let next = "check that the bundles belong together (--bundles)";
                Self { rule, ..Self::of(Exit::Refused, "deployment.constructor", &error, next) }
            }
        }
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Client(error) => error.into(),
            HistoryError::Unreadable { .. } => Self::of(Exit::Chain, "chain.otherContract", &error, ""),
            HistoryError::Gap { .. } => Self::of(Exit::Chain, "chain.gap", &error, ""),
        }
    }
}

impl From<RelayError> for Failure {
    fn from(error: RelayError) -> Self {
        match error {
            RelayError::Refused(error) => Self::refused("consent", &error),
            own => Self::refused("relay", &own),
        }
    }
}

impl From<BundleError> for Failure {
    fn from(error: BundleError) -> Self {
        Self::of(Exit::Input, "bundle", &error, "build the bundles anew (`cargo xtask bundles`)")
    }
}

impl From<SignerError> for Failure {
    fn from(error: SignerError) -> Self {
        Self::of(Exit::Input, "signer", &error, "check the path (--key-file)")
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::of(Exit::Input, "file", &error, "")
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        let (exit, code) = match &error {
            LinkError::NotALink => (Exit::Input, "link.notALink"),
            LinkError::OtherVersion(_) => (Exit::Input, "link.otherVersion"),
            LinkError::Incomplete => (Exit::Input, "link.incomplete"),
            LinkError::Damaged => (Exit::Input, "link.damaged"),
            LinkError::OtherChain { .. } => (Exit::Chain, "link.otherChain"),
        };
        Self::of(exit, code, &error, "")
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        let code = match &error {
            ExportError::Unusable { .. } => "export.file",
            ExportError::NotAnExport(_) => "export.malformed",
            ExportError::OtherExport(_) => "export.other",
        };
        Self::of(Exit::Input, code, &error, "")
    }
}

impl From<OperationError> for Failure {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::Consent(error) => Self::call("consent", error),
            OperationError::Access(error) => Self::call("access", error),
            OperationError::Claims(error) => Self::call("claims", error),
            OperationError::Token(error) => Self::call("token", error),
            OperationError::Client(error) => error.into(),
            OperationError::History(error) => error.into(),
            OperationError::File(error) => error.into(),
            OperationError::Vault(error) => error.into(),
            OperationError::Release(error) => error.into(),
            OperationError::NotAsLogged { .. } => Self::of(Exit::Refused, "release.notAsLogged", &error, ""),
            OperationError::Audit(error) => error.into(),
            OperationError::AccessRefused(refusal) => {
                let refused = Self::refused("refusal", &refusal);
                let message = refused.message.replacen("refused", "access refused", 1);
                Self { message, ..refused }
            }
            OperationError::Document { ref refused, .. } => {
                let rule = Some(refused.reason.to_string());
                let next = match refused.reason {
                    RefusedReason::SeveralPlans => "leave only that one in the document".to_owned(),
                    _ => format!("mend the document at {}", refused.path),
                };
                Self { rule, ..Self::of(Exit::Input, "document", &error, &next) }
            }
            OperationError::Format { .. } => Self::of(Exit::Input, "document", &error, ""),
            OperationError::NoEncryptionKey(_) => {
                let rule = Some("a record's key is only wrapped for a key that its holder published".to_owned());
                Self { rule, ..Self::of(Exit::Refused, "access.NoEncryptionKey", &error, "") }
            }
            OperationError::UnknownReference { .. } => Self::of(Exit::Input, "document.reference", &error, ""),
            OperationError::WrongParty { .. } => Self::of(Exit::Input, "document.otherParty", &error, ""),
            OperationError::AmendedMeanwhile { .. } => Self::of(Exit::Chain, "chain.amendedMeanwhile", &error, ""),
            OperationError::NoRecord(_) => Self::of(Exit::Input, "input.record", &error, ""),
            OperationError::ForeignKey { .. } => Self::of(Exit::Input, "input.foreignKey", &error, ""),
            OperationError::SealedOtherwise { .. } => Self::of(Exit::Input, "vault.sealedOtherwise", &error, ""),
            OperationError::NotOwn(_) => Self::of(Exit::Input, "input.record", &error, ""),
            OperationError::NothingToShare => Self::of(Exit::Input, "input.nothingToShare", &error, ""),
            OperationError::ScopeTooWide { .. } => Self::of(Exit::Input, "input.tooMuch", &error, ""),
            OperationError::Link(error) => error.into(),
            OperationError::Export(error) => error.into(),
            OperationError::NoRandomness => Self::of(Exit::Internal, "internal", &error, ""),
            OperationError::OpenCoverage { .. } => Self::of(Exit::Input, "document.openCoverage", &error, ""),
            OperationError::EmptyCoverage { .. } => Self::of(Exit::Input, "document.emptyCoverage", &error, ""),
            OperationError::TooManyYears { .. } => Self::of(Exit::Input, "document.tooManyYears", &error, ""),
            OperationError::BesideInsurancePlan { .. } => Self::of(Exit::Input, "document.insurancePlan", &error, ""),
            OperationError::NoPlan(_) => Self::of(Exit::Input, "input.plan", &error, ""),
            OperationError::OtherClaim { .. } => Self::of(Exit::Input, "document.otherClaim", &error, ""),
            OperationError::Interrupted => Self::of(Exit::Chain, "interrupted", &error, ""),
            OperationError::NotDecided(_) => Self::refused("claims", &ClaimsError::NotAdjudicated),
            OperationError::NoClaim(_) => Self::of(Exit::Input, "input.claim", &error, ""),
            OperationError::NoProposal { .. } => {
                Self { message: error.to_string(), ..Self::refused("consent", &ConsentError::NoProposal) }
            }
            OperationError::Time(_) => Self::of(Exit::Chain, "chain.time", &error, "check the node's clock"),
        }
    }
}

macro_rules! from_calls {
    ($($Error:path),+) => {$(
        impl From<CallError<$Error>> for Failure {
            fn from(error: CallError<$Error>) -> Self {
                OperationError::from(error).into()
            }
        }
    )+};
}
from_calls!(
    salus_interface::consent::ConsentError,
    salus_interface::access::AccessError,
    salus_interface::claims::ClaimsError,
    salus_client::contracts::TokenError
);

impl From<salus_localnet::NodeError> for Failure {
    fn from(error: salus_localnet::NodeError) -> Self {
        let next = "run scripts/setup, or name a node with --node or --url";
        Self::new(Exit::Chain, "chain.node", error.to_string(), next)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        /// The failure of an error of one of these types.
        macro_rules! known {
            ($error:ident: $($Error:ty),+ $(,)?) => {$(
                let $error = match $error.downcast::<$Error>() {
                    Ok(error) => return error.into(),
                    Err(error) => error,
                };
            )+};
        }
        known!(error:
            OperationError,
            ClientError,
            DeployError,
            CallError<salus_interface::consent::ConsentError>,
            CallError<salus_interface::access::AccessError>,
            CallError<salus_interface::claims::ClaimsError>,
            SignerError,
            BundleError,
            salus_localnet::NodeError,
        );
        Self::of(Exit::Internal, "internal", &format!("{error:#}"), "do the same again; if it stays, report it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_domain::evaluate::Deciding;
    use salus_domain::ids::ConsentId;
    use salus_interface::access::Refusal;

    #[test]
    fn exit_codes_are_what_the_help_says() {
        let codes = [Exit::Done, Exit::Internal, Exit::Usage, Exit::Refused, Exit::Input, Exit::Chain, Exit::Funds];
        assert_eq!(codes.map(|exit| exit as u8), [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_refusal_has_a_code_that_stays_the_rule_and_the_next_step() {
        let failure = Failure::from(CallError::Refused(ClaimsError::DuplicateClaim));
        assert_eq!((failure.exit, failure.code.as_str()), (Exit::Refused, "claims.DuplicateClaim"));
        assert!(failure.rule.is_some_and(|rule| rule.contains("duplicate")));
        assert!(failure.next_step.contains("salus claim show"));
    }

    #[test]
    fn an_order_that_the_registry_refuses_has_the_code_of_its_message() {
        let code = |error: RelayError| Failure::from(error).code;
        assert_eq!(code(RelayError::NonceUsed), "relay.NonceUsed");
        assert_eq!(code(RelayError::Refused(ConsentError::NotFound)), "consent.NotFound");
        assert_eq!(Failure::from(RelayError::DeadlineOver).exit, Exit::Refused);
    }

    #[test]
    fn refused_access_is_a_refusal() {
        let denied = Refusal::DeniedBy(Deciding { consent: ConsentId(2), provision: Some(1) });
        let failure = Failure::from(OperationError::AccessRefused(denied));
        assert_eq!((failure.exit, failure.code.as_str()), (Exit::Refused, "refusal.DeniedBy"));
        assert!(failure.message.starts_with("access refused: provision 1 of consent 2"), "{}", failure.message);
    }

    #[test]
    fn the_next_step_is_told_apart_from_the_message() {
        let unreachable = ClientError::Unreachable { url: "ws://x".into(), reason: "y".into() };
        let failure = Failure::from(unreachable);
        assert_eq!((failure.exit, failure.code.as_str()), (Exit::Chain, "chain.unreachable"));
        assert_eq!(failure.message, "no node answers at ws://x: y");
        assert!(failure.next_step.starts_with("start one"), "{}", failure.next_step);
    }

    #[test]
    fn each_kind_of_failure_has_its_exit_code() {
        let exit = |failure: Failure| failure.exit;
        let funds = ClientError::NoFunds { account: "a".into(), free: "0".into(), needed: "1".into() };
        assert_eq!(exit(funds.into()), Exit::Funds);
        assert_eq!(exit(ClientError::NoContract("a".into()).into()), Exit::Chain);
        assert_eq!(exit(SignerError::BadSuri.into()), Exit::Input);
        assert_eq!(exit(BundleError::TooLarge("a".into()).into()), Exit::Input);
        assert_eq!(exit(OperationError::NoPlan(1).into()), Exit::Input);
        assert_eq!(exit(anyhow::anyhow!("x").into()), Exit::Internal);
        assert_eq!(exit(anyhow::Error::from(SignerError::BadSuri).into()), Exit::Input);
        let refused: anyhow::Error = CallError::Refused(ClaimsError::NotInsurer).into();
        assert_eq!(exit(refused.into()), Exit::Refused);
        let unreachable: anyhow::Error = CallError::<ClaimsError>::Client(ClientError::NoDevClock).into();
        assert_eq!(exit(unreachable.into()), Exit::Chain);
        assert_eq!(exit(anyhow::Error::from(salus_localnet::NodeError::NotFound).into()), Exit::Chain);
        assert_eq!(exit(anyhow::Error::from(OperationError::NoPlan(1)).into()), Exit::Input);
    }
}
