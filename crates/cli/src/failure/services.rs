//! The failures of vaults, of release services and of their logs.

use super::{variant, Exit, Failure};
use crate::operations::audits::AuditFailed;
use salus_audit::LogError;
use salus_release::client::ReleaseError;
use salus_release::wire::Problem;
use salus_release::StartError;
use salus_vault::VaultError;

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        let (exit, code, next) = match &error {
            VaultError::NotFound { .. } => (Exit::Input, "vault.notFound", "name the vault that has it (--vault)"),
            VaultError::NoEnvelope { .. } => {
                (Exit::Refused, "vault.notShared", "ask the patient to share it (`salus record share`), in an emergency whoever keeps it (`salus emergency supply`)")
            }
            VaultError::Destroyed { .. } => {
                (Exit::Refused, "vault.destroyed", "it cannot be opened any more; register a new record")
            }
            VaultError::Source(_) => {
                (Exit::Input, "file", "check the path, and that nobody changes the file meanwhile")
            }
            VaultError::Target(_) => (Exit::Input, "file", "check the path (--output)"),
            VaultError::InvalidMediaType => {
                (Exit::Input, "input.mediaType", "give one like application/pdf (--media-type)")
            }
            VaultError::InvalidUrl { .. } | VaultError::UnsupportedUrl { .. } => {
                (Exit::Input, "input.vault", "name a folder, file:///path or s3://bucket/prefix (--vault)")
            }
            VaultError::NoRandomness => (Exit::Internal, "internal", "do the same again"),
            VaultError::TooLarge { .. } => {
                (Exit::Input, "vault.tooLarge", "split the record, or name a file with --output")
            }
            VaultError::InvalidPublicKey { .. } => {
                (Exit::Input, "vault.publicKey", "have that account publish its key anew (`salus key publish`)")
            }
            VaultError::Store(_) | VaultError::CreateFolder(_) | VaultError::Folder(_) => {
                (Exit::Input, "vault.store", "check that the folder can be written to (--vault)")
            }
            _ => (Exit::Input, "vault.corrupt", "restore the vault from a copy; what is there is not what was sealed"),
        };
        let rule = matches!(error, VaultError::NoEnvelope { .. })
            .then(|| "only those to whom a record was shared have its key".to_owned());
        Self { rule, ..Self::of(exit, code, &error, next) }
    }
}

impl From<ReleaseError> for Failure {
    fn from(error: ReleaseError) -> Self {
        let (exit, code) = match error {
            ReleaseError::Refused(problem) => return (*problem).into(),
            ReleaseError::BadUrl(_) => (Exit::Input, "input.service"),
            ReleaseError::BadGenesis => (Exit::Input, "deployment.malformed"),
            ReleaseError::NoSystem => (Exit::Internal, "internal"),
            ReleaseError::Unreachable(_) => (Exit::Chain, "release.unreachable"),
            ReleaseError::Undecodable => (Exit::Chain, "release.otherService"),
        };
        Self::of(exit, code, &error, "check the deployment file (--deployment)")
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let exit = match problem.code.as_str() {
            "permit_refused" | "refused" | "other_accessor" | "other_action" | "other_record" | "other_version"
            | "permit_over" | "superseded" | "key_revoked" | "bad_ticket" | "ticket_over" | "not_allowed"
            | "no_permit" | "no_envelope" | "permit_not_final" | "not_erased" | "other_envelope" | "erased"
            | "bad_signature" => Exit::Refused,
            "node_unavailable" | "node_behind" | "undecided" | "not_logged" | "log_failed" | "vault_failed"
            | "busy" | "timed_out" => Exit::Chain,
            _ => Exit::Input,
        };
        let code = match &problem.refusal {
            // As where the chain refused before the service was asked.
            Some(refusal) => format!("refusal.{}", variant(refusal)),
            None => format!("release.{}", camel_case(&problem.code)),
        };
        let rule = Some(problem.message.clone()).filter(|_| exit == Exit::Refused);
        let message = format!("refused by the release service: {}", problem.message);
        Self { rule, ..Self::new(exit, &code, message, problem.next) }
    }
}

/// `no_envelope` as `noEnvelope`.
fn camel_case(code: &str) -> String {
    let mut words = code.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let (head, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        format!("{text}{}{rest}", head.to_ascii_uppercase())
    })
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let (exit, code, next) = match error {
            StartError::Vault(error) => return error.into(),
            StartError::NoUrl => (Exit::Usage, "usage", "name a node with --url"),
            StartError::BadGenesis => (Exit::Input, "deployment.malformed", "check the deployment file (--deployment)"),
            StartError::Log(_) => (
                Exit::Input,
                "release.log",
                "see that no other service has it open; else restore it from a copy (--log)",
            ),
            StartError::Mismatch(_) => (Exit::Refused, "release.otherLog", ""),
            StartError::Seen(_) => (Exit::Input, "release.seen", "check the file beside the log that ends with .head"),
            StartError::NoNode(_) => (Exit::Chain, "release.noNode", ""),
            StartError::Listen(..) => (Exit::Input, "release.listen", "name another address with --listen"),
            StartError::NoRandomness | StartError::Ending => (Exit::Internal, "internal", "do the same again"),
        };
        let text = match std::error::Error::source(&error) {
            Some(source) if matches!(error, StartError::Listen(..)) => format!("{error}: {source}"),
            _ => error.to_string(),
        };
        Self::of(exit, code, &text, next)
    }
}

impl From<AuditFailed> for Failure {
    fn from(error: AuditFailed) -> Self {
        let (exit, code, next) = match &error {
            AuditFailed::Log { error: LogError::Open(_) | LogError::Read(_), .. } => {
                (Exit::Input, "file", "check the path (--log)")
            }
            AuditFailed::Log { .. } => (Exit::Input, "audit.log", "name the file of a log (--log)"),
            AuditFailed::Damaged { .. } => (Exit::Refused, "audit.damaged", ""),
            AuditFailed::Proof(_) => (Exit::Input, "audit.proof", "name a file that `salus audit prove` made"),
            AuditFailed::LeftOut(_) => (Exit::Refused, "audit.leftOut", ""),
            AuditFailed::NotOnChain(_) => (Exit::Input, "audit.notOnChain", ""),
        };
        Self::of(exit, code, &error, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_refuses_by_the_contract_is_the_same_refusal() {
        let problem = |code: &str, refusal: Option<&str>| Problem {
            code: code.to_owned(),
            message: "m".to_owned(),
            next: "n".to_owned(),
            refusal: refusal.map(str::to_owned),
            entry: None,
        };
        let told = |code, refusal| {
            let failure = Failure::from(problem(code, refusal));
            (failure.exit, failure.code)
        };
        assert_eq!(told("refused", Some("NoConsent")), (Exit::Refused, "refusal.NoConsent".to_owned()));
        assert_eq!(told("key_revoked", None), (Exit::Refused, "release.keyRevoked".to_owned()));
        assert_eq!(told("node_behind", None), (Exit::Chain, "release.nodeBehind".to_owned()));
        assert_eq!(told("not_in_vault", None), (Exit::Input, "release.notInVault".to_owned()));
    }
}
