//! What claims cost beside a transfer of a PSP22 token, as the published crate has it: `benches/contracts/token`.

use crate::claims_costs::{done, enrolment, yesterday, UNIT};
use crate::comparison::{funded, grant_to, put};
use crate::costs::{account, Meter};
use anyhow::{Context, Result};
use salus_client::contracts::{Claims, PSP22};
use salus_client::deployment::Deployment;
use salus_client::{domain_account, ink_account, signer, Keypair};
use salus_domain::claim::{Line, ServiceDay, Submission, MAX_LINES};
use salus_domain::codes::{Category, CategorySet, Class, Measure, Purpose, Role, RoleSet, Term, Unit};
use salus_domain::consent::Consent;
use salus_domain::ids::{ClaimId, CodeTag, Hash, PlanId};
use salus_domain::money::{Amount, BasisPoints};
use salus_domain::plan::{Benefit, CostShare, Deadlines, Fee, Limit, PlanTerms, YEAR};
use salus_domain::time::{Timestamp, DAY};
use salus_interface::claims::Asset;

/// How many claims a batch has.
const BATCH: u8 = 50;

/// Who takes part.
struct Scene {
    claims: Claims,
    insurer: Keypair,
    patient: Keypair,
    doctors: Vec<Keypair>,
    /// The day of all services.
    day: Timestamp,
}

/// Measures claims, settlements and further lines beside a transfer.
pub async fn measure(meter: &mut Meter, root: &std::path::Path, suite: &Deployment, governor: &Keypair) -> Result<()> {
    let token = PSP22::at(put(&meter.chain, root, "token", governor, &(1_000_000 * UNIT,)).await?);
    let transfer = transfer(meter, &token, governor).await?;
    let scene = scene(meter, suite, governor).await?;
    let plan = open(meter, &scene, Asset::Native).await?;

    let one = price(meter, &scene, &submission(&scene, plan, 0, 0, 1)).await?;
    meter.compare("a claim of one line, submitted and adjudicated, beside a PSP22 transfer", 3_000, one, transfer);
    let many = price(meter, &scene, &submission(&scene, plan, 0, 0, MAX_LINES)).await?;
    let further = (many - one).div_ceil(MAX_LINES as u64 - 1);
    meter.compare("each further line of a claim, beside a PSP22 transfer", 50, further, transfer);

    let claims = submit(meter, &scene, plan, 1, |_| 0).await?;
    let single = settle(meter, &scene, claims.get(..1).context("a claim")?, false).await?;
    meter.compare("a settlement, beside a PSP22 transfer", 1_300, single, transfer);
    let all = settle(meter, &scene, &claims, true).await? / u64::from(BATCH);
    meter.compare("a settlement in a batch of 50 to one provider, beside a PSP22 transfer", 500, all, transfer);
    let claims = submit(meter, &scene, plan, 1 + BATCH, usize::from).await?;
    let all = settle(meter, &scene, &claims, true).await? / u64::from(BATCH);
    meter.compare("a settlement in a batch of 50 to 50 providers, beside a PSP22 transfer", 500, all, transfer);

    let asset = Asset::Psp22(ink_account(token.address()));
    let plan = open(meter, &scene, asset).await?;
    let claims_id = ink_account(scene.claims.address());
    let allow = token.increase_allowance(claims_id, 1_000 * UNIT);
    allow.submit(&meter.chain, governor).await.map_err(|error| anyhow::anyhow!("allowance: {error}"))?;
    done(meter, scene.claims.fund(plan, Amount(1_000 * UNIT), asset), governor).await?;
    let claims = submit(meter, &scene, plan, 1 + 2 * BATCH, |_| 0).await?;
    let single = settle(meter, &scene, claims.get(..1).context("a claim")?, false).await?;
    meter.compare("a settlement in a PSP22 token, which has one transfer in it", 0, single, transfer);
    let all = settle(meter, &scene, &claims, true).await? / u64::from(BATCH);
    meter.compare("a settlement in a PSP22 token in a batch of 50 to one provider", 500, all, transfer);
    Ok(())
}

/// To an account that has some of it.
async fn transfer(meter: &Meter, token: &PSP22, owner: &Keypair) -> Result<u64> {
    let to = ink_account(&account(&signer::from_suri("//costs//holder")?));
    let failed = |error| anyhow::anyhow!("transfer: {error}");
    token.transfer(to, 1, &[]).submit(&meter.chain, owner).await.map_err(failed)?;
    let (_, cost) = token.transfer(to, 1, &[]).dry_run(&meter.chain, &account(owner)).await.map_err(failed)?;
    Ok(cost.ref_time)
}

async fn scene(meter: &Meter, suite: &Deployment, governor: &Keypair) -> Result<Scene> {
    let (insurer, patient) = (funded(meter, "//costs//insurer").await?, funded(meter, "//costs//member").await?);
    let mut doctors = Vec::new();
    for number in 0..BATCH {
        doctors.push(funded(meter, &format!("//costs//doctor//{number}")).await?);
    }
    let authority = signer::from_suri("//Bob")?;
    let failed = |error: String| anyhow::anyhow!(error);
    let add = suite.grants().add_authority(ink_account(&account(&authority)));
    add.submit(&meter.chain, governor).await.map_err(|error| failed(error.to_string()))?;
    for doctor in &doctors {
        let doctor = ink_account(&account(doctor));
        let credential = suite.grants().credential(doctor, doctor, RoleSet::of(&[Role::Doctor]), Timestamp::MAX);
        credential.submit(&meter.chain, &authority).await.map_err(|error| failed(error.to_string()))?;
    }
    // One consent of one provision: that the insurer uses claims for payment.
    let mut consent: Consent = grant_to(&account(&insurer));
    for provision in &mut consent.provisions {
        provision.purposes = Purpose::Hpaymt.into();
        provision.actions = salus_domain::codes::Action::Use.into();
        provision.classes = Class::Claim.into();
    }
    let record = suite.registry().record(&consent).submit(&meter.chain, &patient).await;
    record.map_err(|error| failed(error.to_string()))?;
    Ok(Scene { claims: suite.claims(), insurer, patient, doctors, day: yesterday(meter).await? })
}

/// A plan as they are: a deductible, an out-of-pocket and a benefit maximum, fees on one page of 64.
async fn open(meter: &Meter, scene: &Scene, asset: Asset) -> Result<PlanId> {
    let share = CostShare { copay: Amount(UNIT / 100), coinsurance: BasisPoints(2_000) };
    let limit = |measure, tokens: u128| Limit {
        measure,
        category: None,
        network: None,
        unit: Unit::Individual,
        term: Term::Annual,
        limit: tokens * UNIT,
    };
    let terms = PlanTerms {
        covered: CategorySet::ALL,
        benefit: Benefit {
            in_network: share,
            out_of_network: None,
            deductible: true,
            authorisation: false,
            waiting_period: 0,
        },
        exceptions: Vec::new(),
        limits: vec![limit(Measure::Deductible, 1), limit(Measure::OutOfPocket, 100), limit(Measure::Benefit, 10_000)],
        networked: false,
        deadlines: Deadlines {
            filing: YEAR,
            authorisation: DAY,
            settlement: DAY,
            appeal: DAY,
            review: DAY,
            reversal: DAY,
        },
    };
    let (claims, insurer) = (&scene.claims, &scene.insurer);
    let arbiter = ink_account(&account(insurer));
    let plan = done(meter, claims.open_plan(asset, arbiter, 1, &terms), insurer).await?.forecast;
    let fees: Vec<Fee> = (0..64).map(|number| Fee { code: CodeTag([number; 16]), price: Amount(2 * UNIT) }).collect();
    done(meter, claims.set_fees(plan, 0, &fees), insurer).await?;
    done(meter, claims.cover(plan, &[enrolment(&scene.patient, scene.day)]), insurer).await?;
    if asset == Asset::Native {
        done(meter, claims.fund(plan, Amount(900 * UNIT), asset), insurer).await?;
    }
    Ok(plan)
}

/// A claim of one day. Each number has a day, a reference and codes of its own.
fn submission(scene: &Scene, plan: PlanId, doctor: usize, number: u8, lines: usize) -> Submission {
    let mark = (plan.0, doctor, number);
    let byte = |seed: u8| salus_client::blake2b_256(&scale::Encode::encode(&(mark.0, mark.1 as u64, mark.2, seed)));
    let line = |code: usize| Line {
        day: 0,
        code: CodeTag([code as u8; 16]),
        category: Category::MedicalCare,
        quantity: 1,
        submitted: Amount(3 * UNIT),
        prior_paid: Amount::ZERO,
    };
    Submission {
        plan,
        member: domain_account(&account(&scene.patient)),
        reference: Hash(byte(0)),
        prior_decided: false,
        days: vec![ServiceDay { date: scene.day, nullifier: Hash(byte(1)) }],
        lines: (0..lines).map(line).collect(),
    }
}

async fn price(meter: &Meter, scene: &Scene, claim: &Submission) -> Result<u64> {
    let doctor = scene.doctors.first().context("a doctor")?;
    let (receipts, cost) = scene
        .claims
        .submit(claim, None)
        .dry_run(&meter.chain, &account(doctor))
        .await
        .map_err(|error| anyhow::anyhow!("submit: {error}"))?;
    let paid = receipts.first().context("a receipt")?.adjudication.total.payer;
    anyhow::ensure!(paid > Amount::ZERO, "nothing is paid: {receipts:?}");
    Ok(cost.ref_time)
}

/// Submits a batch of claims of one line; `doctor` says by whom.
async fn submit(
    meter: &Meter,
    scene: &Scene,
    plan: PlanId,
    from: u8,
    doctor: impl Fn(u8) -> usize,
) -> Result<Vec<ClaimId>> {
    let mut claims = Vec::new();
    for number in 0..BATCH {
        let by = doctor(number);
        let claim = submission(scene, plan, by, from + number, 1);
        let submitted = done(meter, scene.claims.submit(&claim, None), &scene.doctors[by]).await?;
        claims.push(submitted.forecast.first().context("a receipt")?.claim);
    }
    Ok(claims)
}

async fn settle(meter: &Meter, scene: &Scene, claims: &[ClaimId], carry_out: bool) -> Result<u64> {
    let message = scene.claims.settle(claims);
    let (answers, cost) = message
        .dry_run(&meter.chain, &account(&scene.insurer))
        .await
        .map_err(|error| anyhow::anyhow!("settle: {error}"))?;
    anyhow::ensure!(answers.iter().all(Result::is_ok), "a claim was refused: {answers:?}");
    if carry_out {
        done(meter, message, &scene.insurer).await?;
    }
    Ok(cost.ref_time)
}
