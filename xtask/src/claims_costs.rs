//! What each message of claims costs, on the claims and the plan of `samples/`.

use crate::comparison::funded;
use crate::costs::{account, Meter, Samples};
use anyhow::{Context, Result};
use salus_client::contracts::Claims;
use salus_client::message::{Executed, Message};
use salus_client::{blake2b_256, domain_account, ink_account, Keypair};
use salus_domain::codes::{ReasonSet, Unit};
use salus_domain::ids::{Hash, PlanId};
use salus_domain::money::Amount;
use salus_domain::plan::PlanTerms;
use salus_domain::time::{Period, Timestamp, DAY};
use salus_fhir::claim::CompiledClaim;
use salus_interface::claims::{
    Asset, ClaimAdjudicated, ClaimsError, Enrolment, Filing, Place, Procedure, Ruling, Since,
};
use scale::Decode;

/// A token, in its smallest unit.
pub const UNIT: u128 = 1_000_000_000_000;

/// Carries something out that is measured elsewhere, or not at all.
pub async fn done<T: Decode>(meter: &Meter, message: Message<T, ClaimsError>, who: &Keypair) -> Result<Executed<T>> {
    let name = message.name();
    message.submit(&meter.chain, who).await.map_err(|error| anyhow::anyhow!("{name}: {error}"))
}

/// What the events of a claim tell that was decided.
fn filing<T>(executed: &Executed<T>) -> Result<Filing> {
    let told = executed.events.iter().find_map(|event| event.decode::<ClaimAdjudicated>());
    Ok(told.context("nothing was adjudicated")?.filing)
}

/// The day before the chain's. What is claimed was done on it or shortly before.
pub async fn yesterday(meter: &Meter) -> Result<Timestamp> {
    let today = meter.chain.now().await?.0 / DAY;
    Ok(Timestamp(today.saturating_sub(1) * DAY))
}

/// A coverage of a year, of which 300 days are before that day.
pub fn enrolment(member: &Keypair, day: Timestamp) -> Enrolment {
    let member = ink_account(&account(member));
    let period = Period { start: Timestamp(day.0.saturating_sub(300 * DAY)), end: day.plus(65 * DAY) };
    Enrolment { member, subscriber: member, period, secondary: false }
}

/// Measures every message of claims.
pub async fn measure(meter: &mut Meter, claims: &Claims, samples: &Samples) -> Result<()> {
    let key = blake2b_256(b"costs");
    let (member, doctor) = (account(&samples.patient), account(&samples.doctor));
    let (member_id, doctor_id) = (ink_account(&member), ink_account(&doctor));
    let (insurer, doctor_key) = (&samples.insurer, &samples.doctor);
    let arbiter = funded(meter, "//costs//arbiter").await?;
    let open = |terms: &PlanTerms| claims.open_plan(Asset::Native, ink_account(&account(&arbiter)), 1, terms);
    let yesterday = yesterday(meter).await?;
    let plan = meter.act("samples/plan.json", open(&samples.plan.terms), insurer).await?;
    let [fees] = samples.plan.fees_on(1, &key).try_into().ok().context("one page")?;
    let code = fees.first().context("the sample plan has fees")?.code;
    meter.act("3 fees", claims.set_fees(plan, 0, &fees), insurer).await?;
    meter.act("one", claims.set_network(plan, &[doctor_id], true), insurer).await?;
    meter.act("the member's first", claims.cover(plan, &[enrolment(&samples.patient, yesterday)]), insurer).await?;
    let submission = |claim: &CompiledClaim, plan: PlanId| {
        let mut submission = claim.submission(plan, domain_account(&member), domain_account(&doctor), &key);
        for (before, day) in (0..).zip(submission.days.iter_mut().rev()) {
            day.date = Timestamp(yesterday.0.saturating_sub(before * DAY));
        }
        submission
    };
    let [first, second] = &samples.claims;

    // The pool is empty: the first claim is pended.
    let pended = done(meter, claims.submit(&submission(first, plan), None), doctor_key).await?;
    let id = pended.forecast.first().context("a receipt")?.claim;
    meter.act("2 lines", claims.withdraw_claim(id), doctor_key).await?;
    done(meter, claims.submit(&submission(first, plan), None), doctor_key).await?;
    meter.act("the plan's first", claims.fund(plan, Amount(1_000 * UNIT), Asset::Native), insurer).await?;
    let first_filing = filing(&meter.carry_out("3 lines, 2 days", claims.retry(id), doctor_key).await?)?;
    let submit = claims.submit(&submission(second, plan), None);
    let submitted = meter.carry_out("2 lines, 1 day, adjudicated", submit, doctor_key).await?;
    let (settled, filing) = (submitted.forecast.first().context("a receipt")?.claim, filing(&submitted)?);
    meter.act("one", claims.settle(&[settled]), insurer).await?;
    let statement = Hash([7; 32]);
    let appeal = claims.appeal(settled, ReasonSet::EMPTY, statement);
    meter.act("by the member", appeal, &samples.patient).await?;
    meter.act("by the insurer", claims.answer_appeal(settled, statement), insurer).await?;
    // Nothing has changed since: it is decided anew, and upheld.
    let ruling = Ruling::Overturned { set_aside: ReasonSet::EMPTY, filing: filing.clone() };
    meter.act("2 lines, decided anew", claims.decide_appeal(settled, &ruling, statement), &arbiter).await?;
    let owed = meter.act("2 lines", claims.reverse(settled, statement, &filing), doctor_key).await?;
    meter.ask("some", claims.debt(plan, doctor_id)).await?;
    meter.act("all", claims.repay(plan, doctor_id, owed, Asset::Native), doctor_key).await?;
    meter.act("of what is free", claims.withdraw(plan, Amount(UNIT)), insurer).await?;

    let second_plan = done(meter, open(&samples.plan.terms), insurer).await?.forecast;
    done(meter, claims.cover(second_plan, &[enrolment(&samples.patient, yesterday)]), insurer).await?;
    done(meter, claims.fund(second_plan, Amount(1_000 * UNIT), Asset::Native), insurer).await?;
    meter.act("3 lines, 2 days", claims.pass_on(id, &first_filing, second_plan), doctor_key).await?;

    meter.ask("", claims.plan(plan)).await?;
    meter.ask("samples/plan.json", claims.terms(plan, 0)).await?;
    meter.ask("set, of 3 on its page", claims.fee(plan, code)).await?;
    meter.ask("listed", claims.in_network(plan, doctor_id)).await?;
    meter.ask("one coverage", claims.coverages(plan, member_id)).await?;
    let place = Place { unit: Unit::Individual, account: member_id, term: Since::Lifetime };
    meter.ask("nothing used", claims.used(plan, place)).await?;
    meter.ask("reversed", claims.claim(settled)).await?;
    meter.ask("", claims.setup()).await?;
    let ask = claims.request_authorisation(plan, member_id, code, 1);
    meter.act("the first", ask, doctor_key).await?;
    let procedure = Procedure { plan, member: member_id, provider: doctor_id, code };
    meter.act("granted", claims.decide_authorisation(procedure, Some((1, Timestamp::MAX))), insurer).await?;
    meter.ask("granted", claims.authorisation(procedure)).await?;
    meter.act("the second version", claims.revise_plan(plan, &samples.plan.terms), insurer).await?;
    meter.act("frozen", claims.set_frozen(plan, true), insurer).await?;
    let far = Period { start: Timestamp(4_000_000_000_000), end: Timestamp(4_000_000_000_000 + 300 * DAY) };
    done(meter, claims.cover(plan, &[Enrolment { period: far, ..enrolment(&samples.patient, yesterday) }]), insurer)
        .await?;
    let end = Timestamp(far.end.0 - 1);
    meter.act("by a millisecond", claims.end_coverage(plan, member_id, end), insurer).await?;
    Ok(())
}
