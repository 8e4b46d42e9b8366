//! What each message of each contract costs on a chain, and how large each contract is: measured on a node, written to
//! `docs/costs.json` and, for people, to `docs/costs.md`.
//!
//! The figures are those of dry runs, which are deterministic: every run has a chain of its own, with the same accounts
//! doing the same things in the same order.

use anyhow::{bail, Context, Result};
use salus_client::bundle::Bundles;
use salus_client::contracts::{AccessGrants, Claims, ConsentRegistry};
use salus_client::deployment::{deploy, Mode, EMERGENCY_TERMS};
use salus_client::message::{Executed, Message, Query};
use salus_client::rules::Rule;
use salus_client::{
    blake2b_256, domain_account, ink_account, relay, signer, AccountId32, CallError, Chain, Cost, Keypair,
};
use salus_domain::codes::{Action, Class, Confidentiality, PowerSet, Purpose, Role, RoleSet, SensitivitySet};
use salus_domain::consent::Consent;
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::mandate::Mandate;
use salus_domain::request::{Principal, Request};
use salus_domain::time::{Period, Timestamp};
use salus_fhir::claim::{ClaimOptions, CompiledClaim};
use salus_fhir::directory::Directory;
use salus_interface::consent::{Instruction, Order, Place};
use salus_localnet::{Node, Options};
use scale::Decode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// By how much a figure may grow unnoticed, in percent.
const TOLERANCE: u128 = 3;
const JSON: &str = "docs/costs.json";
const TABLE: &str = "docs/costs.md";

/// Measure what every message costs, and write docs/costs.json and docs/costs.md
///
/// Example: cargo xtask costs --check
#[derive(Debug, clap::Args)]
pub struct Costs {
    /// Write nothing; fail where a figure grew by more than 3 % over docs/costs.json, or is missing there
    #[arg(long)]
    check: bool,
}

/// All figures.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Figures {
    /// Bytes of each contract's Wasm.
    wasm: BTreeMap<String, u64>,
    /// By message.
    messages: BTreeMap<String, Figure>,
    /// By what is compared, beside contracts as one writes them first.
    comparisons: BTreeMap<String, Comparison>,
}

/// The refTime of something in this project's contract, and in another one that is there for comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comparison {
    ours: u64,
    theirs: u64,
    /// The first by the second, in thousandths.
    ratio: u64,
    /// What the ratio should be at the most; 0: nothing is aimed at.
    aim: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Figure {
    /// What was measured.
    case: String,
    #[serde(flatten)]
    cost: CostFigures,
}

/// As [`Cost`], which only a node makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CostFigures {
    ref_time: u64,
    proof_size: u64,
    deposit: i64,
}

impl Costs {
    pub fn run(self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let root = crate::process::repository_root()?;
        let measured = runtime.block_on(measure(&root))?;
        if self.check {
            return check(&root, &measured);
        }
        std::fs::create_dir_all(root.join("docs"))?;
        std::fs::write(root.join(JSON), serde_json::to_string_pretty(&measured)? + "\n")?;
        std::fs::write(root.join(TABLE), table(&measured)?)?;
        println!("{} messages measured: {JSON}, {TABLE}", measured.messages.len());
        Ok(())
    }
}

fn check(root: &Path, measured: &Figures) -> Result<()> {
    let text = std::fs::read_to_string(root.join(JSON))
        .with_context(|| format!("{JSON} is missing: run `cargo xtask costs`"))?;
    let committed: Figures = serde_json::from_str(&text).with_context(|| format!("{JSON} cannot be read"))?;
    let problems = grown(&committed, measured);
    if std::fs::read_to_string(root.join(TABLE)).unwrap_or_default() != table(&committed)? {
        bail!("{TABLE} does not show what {JSON} holds: run `cargo xtask costs` and commit both");
    }
    if problems.is_empty() {
        println!("{} messages cost what {JSON} says, within {TOLERANCE} %", measured.messages.len());
        return Ok(());
    }
    bail!("{}\nIf that is meant to be so, run `cargo xtask costs` and commit {JSON} and {TABLE}.", problems.join("\n"))
}

/// Every figure that grew by more than the tolerance, or is on one side only.
fn grown(committed: &Figures, measured: &Figures) -> Vec<String> {
    let mut problems = Vec::new();
    for name in committed.messages.keys().filter(|name| !measured.messages.contains_key(*name)) {
        problems.push(format!("{name} is on record and was not measured"));
    }
    for (name, figure) in &measured.messages {
        let Some(before) = committed.messages.get(name) else {
            problems.push(format!("{name} is not on record"));
            continue;
        };
        for (what, was, is) in [
            ("refTime", i128::from(before.cost.ref_time), i128::from(figure.cost.ref_time)),
            ("proofSize", i128::from(before.cost.proof_size), i128::from(figure.cost.proof_size)),
            ("deposit", i128::from(before.cost.deposit), i128::from(figure.cost.deposit)),
        ] {
            if has_grown(was, is) {
                problems.push(format!("{name}: {what} grew from {was} to {is}"));
            }
        }
    }
    for name in committed.comparisons.keys().filter(|name| !measured.comparisons.contains_key(*name)) {
        problems.push(format!("{name}: the comparison is on record and was not made"));
    }
    for (name, is) in &measured.comparisons {
        match committed.comparisons.get(name) {
            None => problems.push(format!("{name}: the comparison is not on record")),
            Some(was) if has_grown(was.ours.into(), is.ours.into()) => {
                problems.push(format!("{name}: refTime grew from {} to {}", was.ours, is.ours));
            }
            Some(_) => {}
        }
    }
    for (name, size) in &measured.wasm {
        match committed.wasm.get(name) {
            None => problems.push(format!("the size of {name} is not on record")),
            Some(was) if has_grown(i128::from(*was), i128::from(*size)) => {
                problems.push(format!("{name}: its Wasm grew from {was} to {size} bytes"));
            }
            Some(_) => {}
        }
    }
    problems
}

fn has_grown(was: i128, is: i128) -> bool {
    is > was && (is - was).unsigned_abs() * 100 > was.unsigned_abs() * TOLERANCE
}

fn table(figures: &Figures) -> Result<String> {
    let mut text = String::from(
        "# What messages cost\n\nMeasured on a substrate-contracts-node chain by `cargo xtask costs`, which writes this file. `refTime` is \
         computation in\npicoseconds of the reference hardware, `proofSize` bytes of storage proof; `deposit` is the storage deposit in \
         the token's\nsmallest unit (10^12 are 1 UNIT), negative where it goes back to the caller.\n\n\
         | contract | Wasm, bytes |\n|---|---:|\n",
    );
    for (name, size) in &figures.wasm {
        writeln!(text, "| {name} | {size} |")?;
    }
    text.push_str("\n| message | case | refTime | proofSize | deposit |\n|---|---|---:|---:|---:|\n");
    for (name, Figure { case, cost }) in &figures.messages {
        writeln!(text, "| `{name}` | {case} | {} | {} | {} |", cost.ref_time, cost.proof_size, cost.deposit)?;
    }
    text.push_str(
        "\n## Beside other contracts\n\nThe refTime of ours beside that of contracts as one writes them first, or that do the least (`benches/contracts`): \
         `consent-twin` keeps\nconsents in a map with a list per patient and indexed events, `flag` reads one flag. `access-floor` and `decision-floor` read \
         the same\ncells and emit the same event as a request for access and a decision on consent, in one message each, and decide nothing. `token` is a PSP22 \
         token of\nthe published crate. In a batch it is that of one.\n\n| what | ours | other | ratio | aim |\n|---|---:|---:|---:|---:|\n",
    );
    for (name, Comparison { ours, theirs, ratio, aim }) in &figures.comparisons {
        let thousandths = |number: &u64| format!("{}.{:03}", number / 1_000, number % 1_000);
        let aim = if *aim == 0 { String::new() } else { thousandths(aim) };
        writeln!(text, "| {name} | {ours} | {theirs} | {} | {aim} |", thousandths(ratio))?;
    }
    Ok(text)
}

/// The chain, and the figures so far.
pub struct Meter {
    pub chain: Chain,
    figures: Figures,
    /// The refTime of one grant in the twin.
    pub twin_grant: u64,
}

impl Meter {
    /// Notes two refTimes, and what their ratio should be at the most in thousandths (0: nothing is aimed at).
    pub fn compare(&mut self, what: &str, aim: u64, ours: u64, theirs: u64) {
        let ratio = (ours * 1_000).div_ceil(theirs.max(1));
        self.figures.comparisons.insert(what.to_owned(), Comparison { ours, theirs, ratio, aim });
    }

    /// The refTime of a message that was measured.
    pub fn ref_time(&self, message: &str) -> Result<u64> {
        let figure = self.figures.messages.get(message).with_context(|| format!("{message} was not measured"))?;
        Ok(figure.cost.ref_time)
    }

    fn note(&mut self, name: &str, case: &str, cost: Cost) -> Result<()> {
        let deposit = i64::try_from(cost.deposit).context("a deposit is out of range")?;
        let cost = CostFigures { ref_time: cost.ref_time, proof_size: cost.proof_size, deposit };
        self.figures.messages.insert(name.to_owned(), Figure { case: case.to_owned(), cost });
        Ok(())
    }

    /// Prices a message, then carries it out.
    pub async fn act<T: Decode, E: Decode + Rule>(
        &mut self,
        case: &str,
        message: Message<T, E>,
        who: &Keypair,
    ) -> Result<T> {
        Ok(self.carry_out(case, message, who).await?.forecast)
    }

    /// As [`Meter::act`], with all that is known of it.
    pub async fn carry_out<T: Decode, E: Decode + Rule>(
        &mut self,
        case: &str,
        message: Message<T, E>,
        who: &Keypair,
    ) -> Result<Executed<T>> {
        let failed = |error: CallError<E>| anyhow::anyhow!("{error}").context(message.name());
        let (_, cost) = message.dry_run(&self.chain, &account(who)).await.map_err(failed)?;
        self.note(message.name(), case, cost)?;
        message.submit(&self.chain, who).await.map_err(failed)
    }

    pub async fn ask<T: Decode>(&mut self, case: &str, query: Query<T>) -> Result<()> {
        let (_, cost) = query.dry_run(&self.chain).await.with_context(|| query.name())?;
        self.note(query.name(), case, cost)
    }
}

pub fn account(keypair: &Keypair) -> AccountId32 {
    keypair.public_key().to_account_id()
}

async fn measure(root: &Path) -> Result<Figures> {
    let node = Node::find_or_start(Options { finalize_delay_sec: Some(0), ..Options::default() })?;
    let chain = Chain::connect(node.url()).await?;
    let bundles = Bundles::read(&root.join("bundles"))?;
    let governor = signer::from_suri("//Alice")?;
    let suite = deploy(&chain, &governor, &bundles, b"costs", EMERGENCY_TERMS, Mode::DeployNow, |_| ()).await?;
    let mut meter = Meter { chain, figures: Figures::default(), twin_grant: 0 };
    for bundle in [&bundles.consent_registry, &bundles.access_grants, &bundles.claims] {
        meter.figures.wasm.insert(bundle.name.clone(), bundle.code.len() as u64);
    }
    let samples = Samples::read(root)?;
    registry(&mut meter, &suite.registry(), &samples).await?;
    crate::access_costs::measure(&mut meter, &suite.registry(), &suite.grants(), &samples, &governor).await?;
    crate::claims_costs::measure(&mut meter, &suite.claims(), &samples).await?;
    crate::comparison::measure(&mut meter, root, &suite.registry(), &governor).await?;
    crate::access_comparison::measure(&mut meter, root, &suite, &governor).await?;
    crate::claims_comparison::measure(&mut meter, root, &suite, &governor).await?;
    crate::access_costs::overdue(&mut meter, &suite.grants(), &samples).await?;
    for name in ConsentRegistry::MESSAGES.iter().chain(AccessGrants::MESSAGES).chain(Claims::MESSAGES) {
        if !meter.figures.messages.contains_key(*name) {
            bail!("{name} has no measurement: add one to xtask/src/costs.rs");
        }
    }
    Ok(meter.figures)
}

/// The documents and accounts of `samples/`.
pub struct Samples {
    pub doctor: Keypair,
    pub hospital: Keypair,
    pub patient: Keypair,
    pub insurer: Keypair,
    pub authority: Keypair,
    pub consent: Consent,
    pub claims: [CompiledClaim; 2],
    pub plan: salus_fhir::plan::PlanFile,
}

impl Samples {
    fn read(root: &Path) -> Result<Self> {
        let read =
            |name: &str| std::fs::read(root.join("samples").join(name)).with_context(|| format!("samples/{name}"));
        let directory = Directory::from_json(&read("directory.json")?)?;
        let plan = salus_fhir::plan::compile(&read("plan.json")?)?;
        let options = ClaimOptions::new(plan.asset.clone());
        Ok(Self {
            doctor: signer::from_suri("//Charlie")?,
            hospital: signer::from_suri("//Bob//stash")?,
            patient: signer::from_suri("//Dave")?,
            insurer: signer::from_suri("//Eve")?,
            authority: signer::from_suri("//Bob")?,
            consent: salus_fhir::consent::compile(&read("consent.json")?, &directory)?.consent,
            claims: [
                salus_fhir::claim::compile(&read("claim.json")?, &options)?,
                salus_fhir::claim::compile(&read("claim-second.json")?, &options)?,
            ],
            plan,
        })
    }

    fn treatment(&self) -> Request {
        treatment_by(Principal {
            account: domain_account(&account(&self.doctor)),
            organisations: vec![domain_account(&account(&self.hospital))],
            roles: RoleSet::of(&[Role::Doctor]),
        })
    }
}

/// Somebody asks for an observation without labels, for treatment.
pub fn treatment_by(principal: Principal) -> Request {
    Request {
        principal,
        purpose: Purpose::Treat,
        action: Action::Access,
        confidentiality: Some(Confidentiality::N),
        sensitivity: Some(SensitivitySet::EMPTY),
        classes: Some(Class::Observation.into()),
        data_period: None,
    }
}

async fn registry(meter: &mut Meter, registry: &ConsentRegistry, samples: &Samples) -> Result<()> {
    let patient = ink_account(&account(&samples.patient));
    let (doctor, proxy) = (ink_account(&account(&samples.doctor)), ink_account(&account(&samples.hospital)));
    let consent = &samples.consent;
    meter.act("samples/consent.json, the patient's first", registry.record(consent), &samples.patient).await?;
    meter.act("the same text again", registry.amend(ConsentId(0), consent), &samples.patient).await?;
    meter.ask("one consent of 3 provisions, permitted", registry.decide(patient, &samples.treatment())).await?;
    meter.ask("one consent", registry.consent(patient, ConsentId(0))).await?;
    meter.ask("a page of one", registry.in_force(patient, ConsentId(0), 64)).await?;
    meter.ask("one consent", registry.epoch(patient)).await?;
    meter.act("the only one", registry.revoke(ConsentId(0)), &samples.patient).await?;
    for _ in 0..2 {
        let again = registry.record(consent);
        again.submit(&meter.chain, &samples.patient).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    }
    meter.act("two consents", registry.revoke_all(), &samples.patient).await?;

    let agreed = salus_domain::commitment::proposal(&blake2b_256, consent);
    meter.act("samples/consent.json", registry.propose(patient, consent), &samples.doctor).await?;
    meter.ask("one", registry.proposal(patient, doctor)).await?;
    meter.act("samples/consent.json", registry.accept(doctor, agreed), &samples.patient).await?;
    for _ in 0..2 {
        let again = registry.propose(patient, consent);
        again.submit(&meter.chain, &samples.doctor).await.map_err(|error| anyhow::anyhow!("{error}"))?;
        match meter.figures.messages.contains_key("ConsentRegistry::reject") {
            false => meter.act("one", registry.reject(doctor), &samples.patient).await?,
            true => meter.act("one", registry.withdraw(patient), &samples.doctor).await?,
        }
    }
    let mandate = Mandate { powers: PowerSet::ALL, period: Period::ALWAYS };
    meter.act("the first", registry.name_proxy(proxy, &mandate), &samples.patient).await?;
    meter.ask("one", registry.mandate(patient, proxy)).await?;
    meter.act("the only one", registry.remove_proxy(patient, proxy), &samples.patient).await?;
    let order = |instruction| Order { patient, instruction };
    meter
        .act("one order: record", registry.carry_out(&[order(Instruction::Record(consent.clone()))]), &samples.patient)
        .await?;
    let genesis = Hash(meter.chain.genesis_hash());
    let place = Place { genesis, contract: ink_account(registry.address()) };
    let signed = relay::sign(&samples.patient, &place, order(Instruction::RevokeAll), 0, Timestamp::MAX);
    meter.act("one order: revoke all of two", registry.relay(&place, &[signed]), &samples.doctor).await?;
    meter.ask("one used", registry.nonce(patient)).await?;
    meter.ask("", registry.genesis()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(ref_time: u64, size: u64) -> Figures {
        let cost = CostFigures { ref_time, proof_size: 100, deposit: -5 };
        Figures {
            wasm: [("x".to_owned(), size)].into(),
            comparisons: BTreeMap::new(),
            messages: [("X::y".to_owned(), Figure { case: String::new(), cost })].into(),
        }
    }

    #[test]
    fn three_percent_more_passes_and_anything_above_does_not() {
        assert!(grown(&figures(1_000, 100), &figures(1_030, 103)).is_empty());
        assert_eq!(grown(&figures(1_000, 100), &figures(1_031, 104)).len(), 2);
        assert!(grown(&figures(1_000, 100), &figures(500, 50)).is_empty());
    }

    #[test]
    fn a_refund_that_shrinks_is_a_cost_that_grows() {
        assert!(has_grown(-100, -90));
        assert!(!has_grown(-100, -110));
    }

    #[test]
    fn what_is_on_one_side_only_is_a_problem() {
        assert_eq!(grown(&Figures::default(), &figures(1, 1)).len(), 2);
        assert_eq!(grown(&figures(1, 1), &Figures::default()).len(), 1);
    }
}
