//! What each message of access grants costs.

use crate::costs::{account, Meter, Samples};
use anyhow::{Context, Result};
use salus_audit::Tree;
use salus_client::contracts::{AccessGrants, ConsentRegistry};
use salus_client::{blake2b_256, domain_account, ink_account, signer, AccountId32, Keypair};
use salus_domain::codes::{Action, Class, Confidentiality, Purpose, Role, RoleSet, SensitivitySet};
use salus_domain::commitment::redemption;
use salus_domain::ids::Hash;
use salus_domain::time::{Period, Timestamp};
use salus_interface::access::{Agreement, Condition, EmergencyGround, Finding, RecordTerms, Release, Side};

/// How many entries a log has, to which a batch is added.
const LOG: u64 = 1_000_000;
const SHORT: &str = "the log is too short";
/// How many entries of a log are anchored together.
const BATCH: u64 = 16_384;

/// Measures all messages of access grants, but for what needs time.
pub async fn measure(
    meter: &mut Meter,
    registry: &ConsentRegistry,
    grants: &AccessGrants,
    samples: &Samples,
    governor: &Keypair,
) -> Result<()> {
    let id = |keypair: &Keypair| ink_account(&account(keypair));
    let (doctor, hospital, patient) = (id(&samples.doctor), id(&samples.hospital), id(&samples.patient));
    let authority = id(&samples.authority);
    let roles = RoleSet::of(&[Role::Doctor]);
    meter.act("a new one", grants.add_authority(authority), governor).await?;
    let vouch = grants.credential(doctor, hospital, roles, Timestamp::MAX);
    meter.act("the provider's first", vouch, &samples.authority).await?;
    meter.act("suspend", grants.suspend(doctor, hospital, true), &samples.authority).await?;
    let reinstate = grants.suspend(doctor, hospital, false);
    reinstate.submit(&meter.chain, &samples.authority).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    meter.act("the account's first", grants.publish_key([9; 32]), &samples.doctor).await?;
    let terms = RecordTerms {
        commitment: Hash([1; 32]),
        class: Class::Observation,
        confidentiality: Confidentiality::N,
        sensitivity: SensitivitySet::EMPTY,
        data_period: Some(Period { start: Timestamp(1_000), end: Timestamp(2_000) }),
    };
    let record = meter.act("by a provider", grants.register_record(patient, terms), &samples.doctor).await?;
    meter.act("by its custodian", grants.amend_record(record, terms), &samples.doctor).await?;
    let recorded = registry.record(&samples.consent);
    recorded.submit(&meter.chain, &samples.patient).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    let access = grants.request_access(record, Purpose::Treat, Action::Access, None);
    meter.act("permitted by one consent of 3 provisions", access, &samples.doctor).await?;
    let asked = grants.may_access(doctor, record, Purpose::Treat, Action::Access, None);
    meter.ask("permitted by one consent of 3 provisions", asked).await?;
    meter.ask("one credential", grants.principal(doctor)).await?;
    meter.ask("one credential", grants.vouched(doctor)).await?;
    meter.ask("published", grants.encryption_key(doctor)).await?;
    meter.ask("registered", grants.record(record)).await?;
    meter.ask("", grants.setup()).await?;
    let second = ink_account(&AccountId32([7; 32]));
    grants.add_authority(second).submit(&meter.chain, governor).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    meter.act("one of two", grants.remove_authority(second), governor).await?;

    let accredited = grants.accredit(hospital, roles, Timestamp::MAX, false);
    meter.act("the organisation's first", accredited, &samples.authority).await?;
    let condition = Condition { parties: vec![authority], needed: 1 };
    meter.act("one party", grants.set_condition(record, Some(condition)), &samples.patient).await?;
    let agreement = Agreement { version: 2, purpose: Purpose::Treat, until: Timestamp::MAX };
    meter.act("the party's first", grants.set_agreement(record, doctor, Some(agreement)), &samples.authority).await?;
    meter.ask("one party", grants.condition(record, Side::Patient)).await?;
    let link = signer::from_suri("//costs//link")?;
    let place = domain_account(grants.address());
    let by = domain_account(&account(&samples.doctor));
    let signed = redemption(&blake2b_256, place, domain_account(&account(&link)), by, [9; 32]);
    meter.act("the first time", grants.redeem(id(&link), [9; 32], link.sign(&signed).0), &samples.doctor).await?;
    meter.ask("redeemed", grants.redemption(id(&link))).await?;

    let bond = grants.setup().read(&meter.chain).await?.emergency.bond;
    let broken = |statement| grants.break_glass(patient, EmergencyGround::UnableToConsent, Hash([statement; 32]), bond);
    meter.act("the provider's first with a patient", broken(1), &samples.doctor).await?;
    meter.ask("open", grants.emergency(doctor, patient)).await?;
    meter.act("by the patient", grants.dispute(patient, doctor), &samples.patient).await?;
    meter.act("justified", grants.review(doctor, patient, Finding::Justified), &samples.authority).await?;
    broken(2).submit(&meter.chain, &samples.doctor).await.map_err(|error| anyhow::anyhow!("{error}"))?;

    let release =
        Release { record, version: 2, accessor: doctor, permit_block: 1, permit_event: 1, leaf: Hash([3; 32]) };
    // The root is anchored first: both lie in one cell.
    let leaves: Tree = (0..LOG + BATCH).map(|number| Hash(blake2b_256(&number.to_le_bytes()))).collect();
    let anchored = grants.anchor(LOG, leaves.root_at(LOG).context(SHORT)?, Vec::new());
    anchored.submit(&meter.chain, &samples.hospital).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    let (root, proof) =
        (leaves.root_at(LOG + BATCH).context(SHORT)?, leaves.consistency(LOG, LOG + BATCH).context(SHORT)?);
    meter.act("16,384 more of a million", grants.anchor(LOG + BATCH, root, proof), &samples.hospital).await?;
    meter.act("one", grants.log_release(0, release), &samples.hospital).await?;
    meter.ask("anchored", grants.log(id(&samples.hospital))).await?;
    let (leaf, proof) = (leaves.leaf(77).context(SHORT)?, leaves.inclusion(77, LOG + BATCH).context(SHORT)?);
    meter.ask("one of a million", grants.verify_inclusion(id(&samples.hospital), leaf, 77, proof)).await?;

    meter.act("by the patient", grants.erase_record(record), &samples.patient).await?;
    meter.act("published", grants.revoke_key(), &samples.doctor).await?;
    Ok(())
}

/// What can be measured only when the deadline of an emergency is over. Last of all, because the clock is moved.
pub async fn overdue(meter: &mut Meter, grants: &AccessGrants, samples: &Samples) -> Result<()> {
    let review = grants.setup().read(&meter.chain).await?.emergency.review;
    meter.chain.advance_clock(review + 60_000).await?;
    let (doctor, patient) = (account(&samples.doctor), account(&samples.patient));
    let forfeited = grants.forfeit(ink_account(&doctor), ink_account(&patient));
    meter.act("not reviewed in time", forfeited, &samples.hospital).await
}
