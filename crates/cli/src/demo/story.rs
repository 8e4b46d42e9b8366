//! What happens, chapter by chapter.

use super::cast::Cast;
use super::narrator::{Narrator, Outcome, Step};
use super::samples::sample;
use super::second::{self, Second};
use crate::operations::claims::ConsortiumKey;
use crate::operations::envelopes::Envelopes;
use crate::operations::records::content::Content;
use crate::operations::records::Asked;
use crate::operations::{account_of, accounting, consents, keys, plans, records, Suite};
use anyhow::{bail, ensure};
use salus_client::rules::Rule;
use salus_client::{ink_account, Keypair};
use salus_domain::codes::{Action, Purpose, Role, RoleSet};
use salus_domain::evaluate::Deciding;
use salus_domain::ids::{ConsentId, RecordId};
use salus_domain::time::Timestamp;
use salus_fhir::directory::Directory;
use salus_interface::access::{AccessDecision, Ground, Refusal};
use salus_vault::Vault;
use serde::Serialize;
use std::path::Path;

/// How long the story's credentials are valid: a year, in milliseconds.
const YEAR: u64 = 365 * 24 * 60 * 60 * 1_000;

/// What the story ends with, in the token's smallest unit.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sums {
    pub submitted: u128,
    pub payer: u128,
    pub patient: u128,
    pub adjustment: u128,
    pub prior_payer: u128,
    pub provider_received: u128,
    pub pool_funded: u128,
    pub pool_paid: u128,
    pub pool_reserved: u128,
    pub pool_free: u128,
    pub accesses: usize,
}

/// Plays it.
pub async fn play(
    suite: &Suite,
    (vault, envelopes, place): (&Vault, &Envelopes, &Path),
    key: &ConsortiumKey,
    cast: &Cast,
    governor: &Keypair,
    narrator: &mut Narrator,
) -> anyhow::Result<Sums> {
    let (directory, now) = (cast.directory(), suite.chain.now().await?);
    let story = Story { suite, vault, envelopes, key, cast, directory, now };
    story.credentials(governor, narrator).await?;
    let (plan, plan_file) = story.plan(narrator).await?;
    let (result, sensitive) = story.records(narrator).await?;
    story.refused_without_consent(result, narrator).await?;
    let (consent, paths) = story.consent(result, narrator).await?;
    story.consent_at_work(result, sensitive, &paths, narrator).await?;
    let (claim, mut received) = story.claim(plan, &plan_file, narrator).await?;
    received += story.appeal(claim, narrator).await?;
    let paid = story.reversal((plan, &plan_file), claim, received, narrator).await?;
    let accesses = story.look_and_revoke(result, consent, narrator).await?;
    story.denied(plan, &plan_file, narrator).await?;
    story.duplicate(plan, &plan_file, narrator).await?;
    let second = Second { suite, envelopes, cast, vault: place, records: (result, sensitive) };
    second::play(&second, narrator).await?;

    let total = paid.total;
    let pool = plans::plan(suite, plan).await?.pool;
    let sums = Sums {
        submitted: total.submitted.0,
        payer: total.payer.0,
        patient: total.patient().0,
        adjustment: total.adjustment.0,
        prior_payer: total.prior_payer.0,
        provider_received: paid.received,
        pool_funded: pool.funded.0,
        pool_paid: pool.paid.0,
        pool_reserved: pool.reserved.0,
        pool_free: pool.free().0,
        accesses,
    };
    let split = sums.payer + sums.patient + sums.adjustment + sums.prior_payer;
    ensure!(sums.submitted == split, "the claim's sums do not add up: {sums:?}");
    ensure!(paid.received == sums.payer, "the provider received {}, not {}", paid.received, sums.payer);
    ensure!(sums.pool_paid == sums.payer, "the pool paid {}, not {}", sums.pool_paid, sums.payer);
    ensure!(pool.owed.0 == 0, "{} are still owed", pool.owed.0);
    Ok(sums)
}

/// What the chapters have in common.
pub(super) struct Story<'a> {
    pub suite: &'a Suite,
    vault: &'a Vault,
    /// The same vault, as where envelopes are.
    envelopes: &'a Envelopes,
    pub key: &'a ConsortiumKey,
    pub cast: &'a Cast,
    pub directory: Directory,
    /// The chain's time in the beginning.
    pub now: Timestamp,
}

impl Story<'_> {
    async fn credentials(&self, governor: &Keypair, narrator: &mut Narrator) -> anyhow::Result<()> {
        let Self { suite, cast, .. } = self;
        let (chain, grants) = (&suite.chain, suite.deployment.grants());
        let authority = ink_account(&account_of(&cast.authority));
        let added = grants.add_authority(authority).submit(chain, governor).await?;
        narrator.tell(Step {
            step: 1,
            actor: "operator",
            action: "names a credentialing authority".into(),
            outcome: Outcome::Ok,
            reason: "from now on it can vouch for providers".into(),
            evidence: Some(&added.evidence),
            event: Some("AuthorityAdded"),
        });
        let until = Timestamp(chain.now().await?.0 + YEAR);
        for (who, organisation, role, name) in [
            (&cast.doctor, &cast.hospital, Role::Doctor, "Dr Adams of Mercy Hospital, as a doctor"),
            (&cast.surgeon, &cast.surgeon, Role::Doctor, "a surgeon elsewhere, as a doctor"),
            (&cast.institute, &cast.institute, Role::Researcher, "the research institute, as a researcher"),
        ] {
            let (provider, organisation) = (ink_account(&account_of(who)), ink_account(&account_of(organisation)));
            let message = grants.credential(provider, organisation, RoleSet::of(&[role]), until);
            let credentialed = message.submit(chain, &cast.authority).await?;
            narrator.tell(Step {
                step: 1,
                actor: "authority",
                action: format!("vouches for {name}"),
                outcome: Outcome::Ok,
                reason: "valid for a year".into(),
                evidence: Some(&credentialed.evidence),
                event: Some("ProviderCredentialed"),
            });
        }
        for (who, name) in [
            (&cast.patient, "patient"),
            (&cast.doctor, "doctor"),
            (&cast.surgeon, "surgeon"),
            (&cast.institute, "research institute"),
        ] {
            let published = keys::publish(suite, who, 0).await?;
            narrator.tell(Step {
                step: 1,
                actor: name,
                action: "publishes an encryption key".into(),
                outcome: Outcome::Ok,
                reason: "keys of records can be wrapped to it".into(),
                evidence: published.as_ref(),
                event: Some("KeyPublished"),
            });
        }
        Ok(())
    }

    /// The patient keeps two results: one that is normal and one that is restricted and psychiatric.
    async fn records(&self, narrator: &mut Narrator) -> anyhow::Result<(RecordId, RecordId)> {
        let patient = account_of(&self.cast.patient);
        let mut ids = Vec::new();
        for (document, name) in [
            (sample!("record-observation.json"), "a laboratory result"),
            (sample!("record-sensitive.json"), "a psychiatric score, labelled R and PSY"),
        ] {
            let content = Content::fhir(document)?;
            let registered = records::register(self.suite, self.vault, &self.cast.patient, &patient, &content).await?;
            narrator.tell(Step {
                step: 1,
                actor: "patient",
                action: format!("seals {name} in the vault and registers it"),
                outcome: Outcome::Ok,
                reason: format!("the chain knows a commitment: record 0x{}", hex::encode(registered.record.0)),
                evidence: registered.evidence.as_ref(),
                event: Some("RecordRegistered"),
            });
            ids.push(registered.record);
        }
        match ids[..] {
            [result, sensitive] => Ok((result, sensitive)),
            _ => bail!("two records were registered"),
        }
    }

    async fn refused_without_consent(&self, record: RecordId, narrator: &mut Narrator) -> anyhow::Result<()> {
        self.expect_refusal(2, "doctor", record, Purpose::Treat, None, narrator, |refusal| {
            matches!(refusal, Refusal::NoConsent)
        })
        .await
    }

    async fn consent(&self, result: RecordId, narrator: &mut Narrator) -> anyhow::Result<(ConsentId, Vec<String>)> {
        let Self { suite, cast, .. } = self;
        let compiled = consents::compile_own(&sample!("consent.json"), &self.directory, &cast.patient)?;
        let recorded = consents::record(suite, &compiled.consent).submit(&suite.chain, &cast.patient).await?;
        let id = recorded.recorded()?;
        narrator.tell(Step {
            step: 3,
            actor: "patient",
            action: "grants consent, by the FHIR Consent".into(),
            outcome: Outcome::Ok,
            reason: format!("it is consent {}, in force at once", id.0),
            evidence: Some(&recorded.evidence),
            event: Some("OrdersCarriedOut"),
        });
        for line in salus_fhir::consent_text::lines(&compiled.consent, &self.directory) {
            narrator.detail(&line);
        }
        records::share(suite, self.envelopes, &cast.patient, result, &account_of(&cast.doctor)).await?;
        narrator.tell(Step {
            step: 3,
            actor: "patient",
            action: "wraps the laboratory result's key for the doctor".into(),
            outcome: Outcome::Ok,
            reason: "the envelope is in the vault; the doctor's client opens it against a permit".into(),
            evidence: None,
            event: None,
        });
        Ok((id, compiled.paths))
    }

    async fn consent_at_work(
        &self,
        result: RecordId,
        sensitive: RecordId,
        paths: &[String],
        narrator: &mut Narrator,
    ) -> anyhow::Result<()> {
        let Self { suite, cast, .. } = self;
        let asked = asked(result, Purpose::Treat);
        let (opened, permit) = records::open(suite, self.envelopes, &cast.doctor, asked).await?;
        let AccessDecision::Permitted { ground: Ground::Consent(deciding), .. } = permit.decided.decision else {
            bail!("the doctor was let in without consent");
        };
        let document: serde_json::Value = serde_json::from_slice(&opened.content)?;
        ensure!(document["resourceType"] == "Observation", "what was opened is not the record that was sealed");
        narrator.tell(Step {
            step: 4,
            actor: "doctor",
            action: "asks for the laboratory result, for treatment, and opens it".into(),
            outcome: Outcome::Permit,
            reason: format!("{} permits it; the content matches the commitment", place(deciding, paths)),
            evidence: Some(&permit.evidence),
            event: Some("AccessDecided"),
        });
        let (what, value) = (&document["code"]["coding"][0]["display"], &document["valueQuantity"]);
        let (what, unit) = (what.as_str().unwrap_or_default(), value["unit"].as_str().unwrap_or_default());
        narrator.detail(&format!("the doctor reads: {what}: {} {unit}", value["value"]));

        self.expect_refusal(4, "doctor", sensitive, Purpose::Treat, Some(paths), narrator, |refusal| {
            matches!(refusal, Refusal::DeniedBy(Deciding { provision: Some(_), .. }))
        })
        .await?;
        self.expect_refusal(4, "institute", result, Purpose::Hresch, Some(paths), narrator, |refusal| {
            matches!(refusal, Refusal::DeniedBy(_))
        })
        .await
    }

    async fn look_and_revoke(
        &self,
        result: RecordId,
        consent: ConsentId,
        narrator: &mut Narrator,
    ) -> anyhow::Result<usize> {
        let Self { suite, cast, .. } = self;
        let accounting = accounting::read(suite, &account_of(&cast.patient), |_| ()).await?;
        let accesses: Vec<_> = accounting.iter().filter_map(|entry| Some((entry.block, entry.decided()?))).collect();
        narrator.tell(Step {
            step: 8,
            actor: "patient",
            action: "lists who saw or tried to see what".into(),
            outcome: Outcome::Ok,
            reason: format!("{} decisions are on the chain", accesses.len()),
            evidence: None,
            event: Some("AccessDecided"),
        });
        for (block, decided) in &accesses {
            let account = salus_client::domain_account(&salus_client::client_account(decided.accessor));
            let who = self.directory.key(account).unwrap_or("somebody unknown");
            let decision = match decided.decision {
                AccessDecision::Permitted { .. } => "granted".to_owned(),
                AccessDecision::Refused(refusal) => format!("refused, {}", refusal.rule()),
            };
            let record = hex::encode(&decided.record.0[..4]);
            let purpose = decided.purpose.display();
            narrator.detail(&format!("block {block}: {who}, record 0x{record}…, {purpose}: {decision}"));
        }

        let revoked = consents::revoke(suite, &cast.patient, consent).await?;
        narrator.tell(Step {
            step: 8,
            actor: "patient",
            action: format!("revokes consent {}", consent.0),
            outcome: Outcome::Ok,
            reason: "effective in the same block".into(),
            evidence: Some(&revoked.evidence),
            event: Some("OrdersCarriedOut"),
        });
        self.expect_refusal(8, "doctor", result, Purpose::Treat, None, narrator, |refusal| {
            matches!(refusal, Refusal::NoConsent)
        })
        .await?;
        Ok(accesses.len())
    }

    /// Asks for a record and expects to be refused, for a reason that `expected` accepts.
    #[allow(clippy::too_many_arguments, reason = "each says something else about the one question")]
    async fn expect_refusal(
        &self,
        step: u8,
        who: &str,
        record: RecordId,
        purpose: Purpose,
        paths: Option<&[String]>,
        narrator: &mut Narrator,
        expected: impl Fn(&Refusal) -> bool,
    ) -> anyhow::Result<()> {
        let (actor, accessor) = match who {
            "institute" => ("research institute", &self.cast.institute),
            _ => ("doctor", &self.cast.doctor),
        };
        let (decided, executed) = records::request_access(self.suite, accessor, asked(record, purpose)).await?;
        let AccessDecision::Refused(refusal) = decided.decision else {
            bail!("the {actor} was let in where the story says otherwise");
        };
        ensure!(expected(&refusal), "the {actor} was refused for another reason: {}", refusal.rule());
        let reason = match (refusal, paths) {
            (Refusal::DeniedBy(deciding @ Deciding { provision: Some(_), .. }), Some(paths)) => {
                format!("{} denies it", place(deciding, paths))
            }
            (Refusal::DeniedBy(deciding), Some(paths)) => {
                let (purpose, place) = (purpose.display(), place(deciding, paths));
                format!("wrong purpose: no provision permits {purpose}, and {place} denies it")
            }
            _ => refusal.rule(),
        };
        narrator.tell(Step {
            step,
            actor,
            action: format!("asks for record 0x{}…, for {}", hex::encode(&record.0[..4]), purpose.display()),
            outcome: Outcome::Refused,
            reason,
            evidence: Some(&executed.evidence),
            event: Some("AccessDecided"),
        });
        Ok(())
    }
}

/// Access to a record for a purpose.
const fn asked(record: RecordId, purpose: Purpose) -> Asked<'static> {
    Asked { record, purpose, action: Action::Access, link: None }
}

/// What decided, by the place in the document that it came from.
fn place(deciding: Deciding, paths: &[String]) -> String {
    let consent = deciding.consent.0;
    match deciding.provision.and_then(|provision| paths.get(usize::from(provision))) {
        Some(path) => format!("{path} of consent {consent}"),
        None => format!("the base decision of consent {consent}"),
    }
}
