//! Telling the story: in plain words, or as one JSON object per line.

use super::cast::Cast;
use super::story::Sums;
use crate::operations::Suite;
use salus_client::deployment::{Outcome as Deployed, Step as DeployStep};
use salus_client::{Chain, Evidence};
use serde::Serialize;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Access was granted.
    Permit,
    /// A claim was denied, and stands so on the chain.
    Deny,
    /// Somebody was refused.
    Refused,
    /// It was done.
    Ok,
}

/// A step of the story.
pub struct Step<'a> {
    /// The chapter: 0 is getting ready.
    pub step: u8,
    /// Who acts.
    pub actor: &'a str,
    /// What is done.
    pub action: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
    /// Where that stands on the chain.
    pub evidence: Option<&'a Evidence>,
    /// The event that says so.
    pub event: Option<&'a str>,
}

pub struct Narrator {
    json: bool,
    chapter: u8,
    told: usize,
}

const CHAPTERS: [&str; 13] = [
    "Getting ready",
    "Credentials, a plan, a pool, a coverage",
    "Nobody has consented yet",
    "The patient consents",
    "The consent at work",
    "A claim is adjudicated and paid",
    "An appeal is granted",
    "A payment is taken back",
    "The patient looks, and revokes",
    "The same claim once more",
    "A new doctor, by a link",
    "The glass is broken",
    "A release that is proven, and an erasure",
];

impl Narrator {
    pub const fn new(json: bool) -> Self {
        Self { json, chapter: u8::MAX, told: 0 }
    }

    pub fn opening(&self, chain: &Chain) {
        if !self.json {
            println!("Salus on {} at {}", chain.name(), chain.url());
        }
    }

    pub fn deployed(&mut self, step: &DeployStep) {
        let evidence = match &step.outcome {
            Deployed::Instantiated(evidence) => Some(evidence),
            Deployed::Unchanged | Deployed::Planned(_) => None,
        };
        self.tell(Step {
            step: 0,
            actor: "operator",
            action: format!("deploys {}", step.contract),
            outcome: Outcome::Ok,
            reason: format!("it is at {}", step.address),
            evidence,
            event: Some("Contracts.Instantiated"),
        });
    }

    pub fn tell(&mut self, step: Step) {
        self.told += 1;
        if self.json {
            let line = json!({
                "step": step.step,
                "actor": step.actor,
                "action": step.action,
                "outcome": step.outcome,
                "reason": step.reason,
                "block": step.evidence.map(|evidence| evidence.block),
                "extrinsic": step.evidence.map(|evidence| &evidence.extrinsic),
                "event": step.event,
            });
            println!("{line}");
            return;
        }
        if step.step != self.chapter {
            self.chapter = step.step;
            let title = CHAPTERS.get(usize::from(step.step)).copied().unwrap_or_default();
            println!("\n{}. {title}", step.step);
        }
        let outcome = match step.outcome {
            Outcome::Permit => "GRANTED",
            Outcome::Deny => "DENIED",
            Outcome::Refused => "REFUSED",
            Outcome::Ok => "ok",
        };
        println!("   {} {}", capitalised(step.actor), step.action);
        println!("      {outcome}: {}", step.reason);
        if let Some(evidence) = step.evidence {
            let event = step.event.map(|event| format!(" · event {event}")).unwrap_or_default();
            println!("      block {} · extrinsic {}{event}", evidence.block, evidence.extrinsic);
        }
    }

    /// A line that belongs to the step before; only in plain words.
    pub fn detail(&self, line: &str) {
        if !self.json {
            println!("         {line}");
        }
    }

    pub fn summary(&self, suite: &Suite, cast: &Cast, sums: &Sums, elapsed: Duration, kept: Option<&Path>) {
        let deployment = &suite.deployment;
        let addresses = [
            ("consentRegistry", &deployment.consent_registry.address),
            ("accessGrants", &deployment.access_grants.address),
            ("claims", &deployment.claims.address),
        ];
        let seconds = elapsed.as_secs_f64();
        if self.json {
            let contracts: serde_json::Map<_, _> =
                addresses.iter().map(|(name, address)| ((*name).to_owned(), json!(address))).collect();
            let accounts: serde_json::Map<_, _> =
                cast.names().into_iter().map(|(name, account)| (name.to_owned(), json!(account))).collect();
            let summary = json!({
                "steps": self.told,
                "addresses": contracts,
                "accounts": accounts,
                "sums": sums,
                "token": { "symbol": suite.chain.token().symbol, "decimals": suite.chain.token().decimals },
                "elapsedSeconds": (seconds * 10.0).round() / 10.0,
                "url": suite.chain.url(),
                "folder": kept,
            });
            println!("{}", json!({ "summary": summary }));
            return;
        }
        let show = |amount: u128| suite.chain.token().show(amount);
        println!("\nSummary");
        println!("   {:<28}{}", "submitted", show(sums.submitted));
        println!("   {:<28}{}", "= paid by the plan", show(sums.payer));
        println!("   {:<28}{}", "+ borne by the patient", show(sums.patient));
        println!("   {:<28}{}", "+ adjustment", show(sums.adjustment));
        println!("   {:<28}{}", "+ paid by another insurer", show(sums.prior_payer));
        println!("   {:<28}{}", "the provider received", show(sums.provider_received));
        println!("   {:<28}{}", "pool: funded", show(sums.pool_funded));
        println!("   {:<28}{}", "= paid", show(sums.pool_paid));
        println!("   {:<28}{}", "+ reserved", show(sums.pool_reserved));
        println!("   {:<28}{}", "+ free", show(sums.pool_free));
        println!("   {} decisions on access are on the chain", sums.accesses);
        for (name, address) in addresses {
            println!("   {name:<28}{address}");
        }
        println!("   {} steps in {seconds:.1} s", self.told);
        if kept.is_none() {
            println!(
                "\nWhat to try next: `scripts/demo --keep` leaves the chain running, and says how to go on with it."
            );
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}
