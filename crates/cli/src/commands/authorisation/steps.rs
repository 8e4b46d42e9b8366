//! What is done about authorisations, service by service, and how it is told.

use crate::context::{Carried, GlobalOptions};
use crate::failure::Failure;
use crate::operations::authorisations::{self, show_tag, status_code, Service, Subject};
use crate::operations::Suite;
use crate::output::{cost_line, evidence_json, evidence_line, forecast_json, Report};
use salus_client::message::Message;
use salus_client::Keypair;
use salus_interface::claims::{ClaimsError, Procedure};
use serde_json::{json, Value};

/// What was done, service by service.
#[derive(Default)]
pub(super) struct Steps {
    /// With how those stand that were left as they are.
    services: Vec<(Service, Option<&'static str>)>,
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
        self.lines.push(format!("  {}: {status}, and left as it is", service.name));
        self.services.push((service.clone(), Some(status)));
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

    /// The services that something was done about, in words.
    pub(super) fn changed(&self) -> String {
        let changed = self.services.iter().filter(|(_, left)| left.is_none());
        let words: Vec<String> = changed.map(|(it, _)| format!("{} of {}", it.quantity, it.name)).collect();
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
                    "status": left,
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

/// With whom it is about.
pub(super) fn with_subject(report: Report, plan: u32, subject: &Subject) -> Report {
    report
        .field("plan", plan)
        .field("member", subject.member.to_string())
        .field("provider", subject.provider.to_string())
}
