//! What access costs beside the least that it can: `benches/contracts/access-floor` and `decision-floor`.

use crate::comparison::{grant_to, put, with_exceptions};
use crate::costs::{account, treatment_by, Meter};
use anyhow::{Context, Result};
use salus_client::deployment::Deployment;
use salus_client::message::{Message, Query};
use salus_client::{domain_account, ink_account, signer, Keypair};
use salus_domain::codes::{Action, Class, Confidentiality, Purpose, Role, RoleSet, SensitivitySet};
use salus_domain::evaluate::Evaluation;
use salus_domain::ids::Hash;
use salus_domain::request::Principal;
use salus_interface::access::{AccessDecision, AccessError, RecordTerms};

/// How many entries of a log are anchored together, and how much cheaper that is to be.
const BATCH: u64 = 16_384;
const CHEAPER: u64 = 10_000;
/// What the chain asks for a cell and for each of its bytes, in the token's smallest unit.
const DEPOSIT_PER_ITEM: i128 = 100_000_000_000;
const DEPOSIT_PER_BYTE: i128 = 5_000_000;

/// Measures a request for access beside its floor, with one consent on file and with eight, and a log by roots beside one by
/// events.
pub async fn measure(meter: &mut Meter, root: &std::path::Path, suite: &Deployment, governor: &Keypair) -> Result<()> {
    for (on_file, exceptions) in [(1, false), (8, true)] {
        access(meter, root, suite, governor, on_file, exceptions).await?;
    }
    let (anchored, logged) = (meter.ref_time("AccessGrants::anchor")?, meter.ref_time("AccessGrants::log_release")?);
    let what = "10,000 accesses logged in Merkle batches of 16,384, beside one logged by event";
    meter.compare(what, 1_000, (anchored * CHEAPER).div_ceil(BATCH), logged);
    Ok(())
}

/// `on_file` consents are about the doctor who asks, the first of whom is credentialed by an authority.
async fn access(
    meter: &mut Meter,
    root: &std::path::Path,
    suite: &Deployment,
    governor: &Keypair,
    on_file: u8,
    exceptions: bool,
) -> Result<()> {
    let patient = crate::comparison::funded(meter, &format!("//costs//access//{on_file}")).await?;
    let doctor = signer::from_suri("//Charlie")?;
    let (doctor_id, patient_id) = (ink_account(&account(&doctor)), ink_account(&account(&patient)));
    let (registry, grants) = (suite.registry(), suite.grants());
    let failed = |error: String| anyhow::anyhow!(error);
    let mut deposit = 0;
    for number in 0..on_file {
        let mut consent = if exceptions { with_exceptions(&account(&doctor)) } else { grant_to(&account(&doctor)) };
        consent.source = Hash([number; 32]);
        let record = registry.record(&consent);
        let recorded = record.dry_run(&meter.chain, &account(&patient)).await;
        deposit += recorded.map_err(|error| failed(error.to_string()))?.1.deposit;
        record.submit(&meter.chain, &patient).await.map_err(|error| failed(error.to_string()))?;
    }
    let terms = RecordTerms {
        commitment: Hash([0x80 | on_file; 32]),
        class: Class::Observation,
        confidentiality: Confidentiality::N,
        sensitivity: SensitivitySet::EMPTY,
        data_period: None,
    };
    let registered = grants.register_record(patient_id, terms).submit(&meter.chain, &doctor).await;
    let id = registered.map_err(|error| failed(error.to_string()))?.forecast;
    let asked = grants.request_access(id, Purpose::Treat, Action::Access, None);
    let ours = asked.dry_run(&meter.chain, &account(&doctor)).await.map_err(|error| failed(error.to_string()))?;
    let (decision, cost) = ours;
    anyhow::ensure!(matches!(decision, AccessDecision::Permitted { .. }), "access was refused: {decision:?}");

    let record = grants.record(id).read(&meter.chain).await?;
    let record = record.context("the record is gone")?;
    let setup = grants.setup().read(&meter.chain).await?;
    let vouched = grants.vouched(doctor_id).read(&meter.chain).await?;
    let credential = vouched.credentials.first().copied().context("the doctor has no credential")?;
    // What the patient's cell is as long as follows from what was deposited for it.
    let file = usize::try_from((deposit - DEPOSIT_PER_ITEM) / DEPOSIT_PER_BYTE)?;
    let principal = Principal {
        account: domain_account(&account(&doctor)),
        organisations: vec![domain_account(&account(&doctor))],
        roles: RoleSet::of(&[Role::Doctor]),
    };
    let grants_floor = (setup, id, record, doctor_id, credential);
    let registry_floor = (meter.chain.genesis_hash(), patient_id, vec![7u8; file]);
    let floor = put(&meter.chain, root, "access_floor", governor, &grants_floor).await?;
    let arguments = (id, Purpose::Treat, Action::Access, decision);
    let message = Message::<AccessDecision, AccessError>::new(&floor, "request_access", &arguments);
    let access = message.dry_run(&meter.chain, &account(&doctor)).await.map_err(|error| failed(error.to_string()))?;
    let floor = put(&meter.chain, root, "decision_floor", governor, &registry_floor).await?;
    let arguments = (patient_id, treatment_by(principal));
    let decided = Query::<Evaluation>::new(&floor, "decide", &arguments).dry_run(&meter.chain).await?;
    let what = format!("a request for access, {on_file} consents about who asks, beside the sum of both floors");
    let aim = if on_file == 1 { 1_250 } else { 0 };
    meter.compare(&what, aim, cost.ref_time, access.1.ref_time + decided.1.ref_time);
    Ok(())
}
