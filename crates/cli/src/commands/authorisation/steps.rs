//! What is done about authorisations, service by service, and how it is told.

use crate::context::{Carried, GlobalOptions};
use crate::failure::Failure;
use crate::operations::authorisations::{self, show_tag, status_code, Service, Subject};
use crate::operations::Suite;
use crate::output::{cost_line, evidence_json, evidence_line, forecast_json, Report};
use salus_client::message::Message;
use salus_client::Keypair;
use salus_interface::claims::{Authorisation, ClaimsError, Procedure};
use serde_json::{json, Value};

/// How a service stands that is left as it is.
struct Left {
    status: &'static str,
    /// How many units were asked for, or are left of those that were granted.
    units: Option<u32>,
}

/// What was done, service by service.
#[derive(Default)]
pub(super) struct Steps {
    /// With how those stand that were left as they are.
    services: Vec<(Service, Option<Left>)>,
    proofs: Vec<Value>,
    lines: Vec<String>,
}

impl Steps {
    /// Leaves a service as it is that is asked for already, and says how it stands.
    pub(super) async fn leave(
        &mut self,
        suite: &Suite,
        service: &Service,
        procedure: Procedure,
    ) -> Result<(), Failure> {
        let found = authorisations::standing(suite, procedure).await?;
        let status = status_code(found.as_ref(), suite.chain.now().await?);
        let units = units_of(found.as_ref());
        let standing = units.map(|units| format!(", {units} units")).unwrap_or_default();
        self.lines.push(format!("  {}: {status}{standing}, and left as it is", service.name));
        self.services.push((service.clone(), Some(Left { status, units })));
        Ok(())
    }

    /// Sends the message about a service.
    pub(super) async fn step(
        &mut self,
        global: &GlobalOptions,
        suite: &Suite,
        signer: &Keypair,
        service: &Service,
        message: &Message<(), ClaimsError>,
    ) -> Result<(), Failure> {
        let token = suite.chain.token();
        match global.carry_out(&suite.chain, signer, message).await? {
            Carried::Planned(forecast) => {
                self.proofs.push(forecast_json(forecast.cost, forecast.fee));
                self.lines.push(format!("  {}", cost_line(forecast.cost, forecast.fee, token)));
            }
            Carried::Done(executed) => {
                self.proofs.push(evidence_json(&executed.evidence));
                self.lines.push(evidence_line(&executed.evidence, token));
            }
        }
        self.services.push((service.clone(), None));
        Ok(())
    }

    /// The services that something was done about, each in these words.
    pub(super) fn changed(&self, words: impl Fn(&Service) -> String) -> String {
        let changed = self.services.iter().filter(|(_, left)| left.is_none());
        let words: Vec<String> = changed.map(|(it, _)| words(it)).collect();
        if words.is_empty() {
            return "nothing new".to_owned();
        }
        words.join(", ")
    }

    /// All of it: `would` in a dry run, `did` otherwise, and each service.
    pub(super) fn report(
        self,
        global: &GlobalOptions,
        plan: u32,
        subject: &Subject,
        [would, did]: &[String; 2],
    ) -> Report {
        let services: Vec<Value> = (self.services.iter())
            .map(|(it, left)| {
                json!({
                    "code": it.name,
                    "tag": show_tag(it.code),
                    "quantity": it.quantity,
                    "changed": left.is_none(),
                    "status": left.as_ref().map(|left| left.status),
                    "standing": left.as_ref().and_then(|left| left.units),
                })
            })
            .collect();
        let report = match global.dry_run {
            true => Report::default().planned(would).field("forecast", self.proofs),
            false => Report::default().done(did).field("evidence", self.proofs),
        };
        with_subject(report.lines(self.lines), plan, subject).field("services", services)
    }
}

/// A service with how many units of it.
pub(super) fn quantified(service: &Service) -> String {
    format!("{} of {}", service.quantity, service.name)
}

/// How many units were asked for, or are left of those that were granted.
pub(super) fn units_of(authorisation: Option<&Authorisation>) -> Option<u32> {
    match authorisation? {
        Authorisation::Requested { quantity, .. } | Authorisation::Granted { quantity, .. } => Some(*quantity),
        Authorisation::Refused => None,
    }
}

/// With whom it is about.
pub(super) fn with_subject(report: Report, plan: u32, subject: &Subject) -> Report {
    report
        .field("plan", plan)
        .field("member", subject.member.to_string())
        .field("provider", subject.provider.to_string())
}
