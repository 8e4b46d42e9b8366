//! Events are enough to rebuild all that claims keep: but for what a claim that waits would be paid, which is a forecast.

mod books;
mod chance;

use books::Books;
use salus_domain::claim::{Line, Submission};
use salus_domain::codes::{Category, Measure, Reason, ReasonSet, Term, Unit};
use salus_domain::ids::PlanId;
use salus_domain::money::Amount;
use salus_domain::plan::{Benefit, Fee, Limit, PlanTerms};
use salus_e2e_tests::claims::{all, around, enrolment, Decided};
use salus_e2e_tests::public::Cells;
use salus_e2e_tests::samples::{benefit, code, day, limit, line, terms, words, DAY, UNIT};
use salus_e2e_tests::{id, node_of_my_own, Result, World};
use salus_interface::claims::{Asset, ClaimAdjudicated, ClaimPended, Enrolment, Procedure, Ruling};
use scale::Encode;
use std::collections::{BTreeMap, BTreeSet};

const NOT_COVERED: ReasonSet = ReasonSet::of(&[Reason::NotCovered]);

/// Every limit that is kept somewhere else, and prior authorisation of laboratory tests.
fn full_terms() -> PlanTerms {
    let places = [Unit::Individual, Unit::Family]
        .into_iter()
        .flat_map(|unit| [Term::Annual, Term::Day, Term::Lifetime].map(|term| (unit, term)));
    let limits = places.flat_map(|(unit, term)| {
        [
            Limit { unit, term, ..limit(Measure::Deductible, UNIT / 4) },
            Limit { unit, term, category: Some(Category::Consultation), ..limit(Measure::Benefit, 40 * UNIT) },
            Limit { unit, term, ..limit(Measure::Quantity, 1_000) },
        ]
    });
    let asks = Benefit { authorisation: true, ..benefit() };
    PlanTerms { limits: limits.collect(), exceptions: vec![(Category::DiagnosticLab, asks)], ..terms() }
}

/// A plan that was revised, frozen, funded, emptied in part, with fees and a network that came and went.
async fn plans(world: &World) -> Result<PlanId> {
    let plan = world.ready_for_claims(&full_terms(), 40 * UNIT).await?;
    let claims = &world.claims;
    let other = world.opens(&world.stranger, Asset::Native, &terms()).await?;
    world.funds(&world.doctor, other, 7).await?;
    for frozen in [true, false] {
        world.run(&world.insurer, claims.set_frozen(plan, frozen)).await?;
    }
    world.run(&world.stranger, claims.set_frozen(other, true)).await?;
    world.run(&world.insurer, claims.revise_plan(plan, &PlanTerms { networked: true, ..full_terms() })).await?;
    world.run(&world.insurer, claims.withdraw(plan, Amount(UNIT))).await?;
    let fee = |number: u8| Fee { code: code(number), price: Amount(UNIT / 2 + u128::from(number)) };
    world.run(&world.insurer, claims.set_fees(plan, 0, &[fee(1), fee(2), fee(3)])).await?;
    world.run(&world.insurer, claims.set_fees(plan, 0, &[fee(1), fee(3)])).await?;
    let providers = [id(&world.doctor), id(&world.researcher), id(&world.stranger)];
    world.run(&world.insurer, claims.set_network(plan, &providers, true)).await?;
    world.run(&world.insurer, claims.set_network(plan, &providers[1..2], false)).await?;
    let now = world.now().await?;
    let family = [&world.researcher, &world.governor]
        .map(|member| Enrolment { subscriber: id(&world.patient), ..enrolment(member, around(now)) });
    world.run(&world.insurer, claims.cover(plan, &family)).await?;
    world.run(&world.insurer, claims.end_coverage(plan, id(&world.governor), now.plus(3 * DAY))).await?;
    Ok(plan)
}

/// Authorisations in each state, and what claims did with them.
async fn authorisations(world: &World, plan: PlanId) -> Result {
    let (member, provider) = (id(&world.patient), id(&world.doctor));
    let laboratory = |number: u8, quantity| Line { category: Category::DiagnosticLab, quantity, ..line(number, UNIT) };
    let asked = |number| Procedure { plan, member, provider, code: code(number) };
    let until = world.now().await?.plus(30 * DAY);
    for number in [50, 51, 52, 53] {
        let ask = world.claims.request_authorisation(plan, member, code(number), 5);
        world.run(&world.doctor, ask).await?;
    }
    world.run(&world.insurer, world.claims.decide_authorisation(asked(50), Some((4, until)))).await?;
    world.run(&world.insurer, world.claims.decide_authorisation(asked(51), None)).await?;
    let used = world.decides(plan, 50, vec![laboratory(50, 3), laboratory(51, 1)]).await?;
    world.decides(plan, 51, vec![line(60, UNIT), laboratory(50, 2)]).await?;
    world.run(&world.doctor, world.claims.reverse(used.claim, words(1), &used.filing)).await?;
    let waits = world.claims_for(&world.claim_of(plan, 52, vec![laboratory(52, 2)]).await?).await?;
    assert!(waits.status.is_pended());
    world.chain.advance_clock(10 * DAY).await?;
    world.run(&world.doctor, world.claims.retry(waits.claim)).await?;
    let still = world.claims_for(&world.claim_of(plan, 53, vec![laboratory(54, 1)]).await?).await?;
    assert!(still.status.is_pended());
    Ok(())
}

/// Claims of one day and of several, in every state, with appeals, debts and reversals.
async fn claims(world: &World, plan: PlanId) -> Result {
    let now = world.now().await?;
    let claims = &world.claims;
    let days: Vec<_> = (1..=3).map(|before| day(&world.doctor, &world.patient, now, before)).collect();
    let lines = (0..3).map(|number| Line { day: number, quantity: 2, ..line(1, 2 * UNIT) }).collect();
    let long = Submission { days, lines, ..world.claim_of(plan, 1, Vec::new()).await? };
    let long = world.decides_for(&world.doctor, &long).await?;
    world.settles(&world.insurer, &[long.claim]).await?;
    world.run(&world.insurer, claims.reverse(long.claim, words(1), &long.filing)).await?;
    let surgery = |number| Line { category: Category::Surgical, ..line(number, UNIT) };
    let mut decided = Vec::new();
    for number in 2..=9 {
        decided.push(world.decides(plan, number, vec![line(number, UNIT), surgery(number + 100)]).await?);
    }
    let appeals = [(0, None), (1, Some(true)), (2, Some(false)), (3, Some(true))];
    world.settles(&world.insurer, &[decided[1].claim, decided[4].claim]).await?;
    for (place, outcome) in appeals {
        let Decided { claim, filing } = decided[place].clone();
        world.run(&world.patient, claims.appeal(claim, NOT_COVERED, words(2))).await?;
        world.run(&world.insurer, claims.answer_appeal(claim, words(3))).await?;
        let ruling = match outcome {
            None => continue,
            Some(false) => Ruling::Upheld,
            Some(true) => Ruling::Overturned { set_aside: NOT_COVERED, filing },
        };
        let ruled = world.run(&world.arbiter, claims.decide_appeal(claim, &ruling, words(4))).await?;
        if let Some(anew) = all::<ClaimAdjudicated, _>(&ruled).pop() {
            decided[place].filing = anew.filing;
        }
    }
    let Decided { claim, filing } = &decided[3];
    world.run(&world.doctor, claims.reverse(*claim, words(5), filing)).await?;
    let repay = claims.repay(plan, id(&world.doctor), Amount(UNIT / 8), Asset::Native);
    world.run(&world.stranger, repay).await?;
    world.settles(&world.insurer, &[decided[5].claim]).await?;

    // Corrected, withdrawn, and waiting for money.
    for amount in [1_000, 900] {
        world.claims_for(&world.claim_of(plan, 20, vec![surgery(20), line(21, amount * UNIT)]).await?).await?;
    }
    let withdrawn = world.claims_for(&world.claim_of(plan, 21, vec![line(22, 1_000 * UNIT)]).await?).await?.claim;
    world.run(&world.doctor, claims.withdraw_claim(withdrawn)).await?;
    Ok(())
}

/// Passed on at once and later, to one who pays, one who waits and one whose claim is taken back.
async fn passed_on(world: &World, plan: PlanId) -> Result {
    let claims = &world.claims;
    let (_, rich) = world.another_insurer(&terms(), 50 * UNIT, true).await?;
    let (_, poor) = world.another_insurer(&terms(), 0, true).await?;
    let mut first = Vec::new();
    for (number, next) in [(70, rich), (71, poor), (72, rich), (73, poor)] {
        let claimed = world.claim_of(plan, number, vec![line(number, UNIT), line(number + 10, UNIT)]).await?;
        first.push(world.run(&world.doctor, claims.submit(&claimed, Some(next))).await?);
    }
    let told = all::<ClaimAdjudicated, _>(&first[2]);
    world.run(&world.doctor, claims.reverse(told[1].claim, words(1), &told[1].filing)).await?;
    let waits = first[3].event::<ClaimPended>()?.claim;
    world.run(&world.doctor, claims.withdraw_claim(waits)).await?;
    let again = &told[0];
    world.run(&world.doctor, claims.pass_on(again.claim, &again.filing, poor)).await?;
    Ok(())
}

/// A mapping's key, without which mapping it is, and what may be kept under it: keys of two mappings can be the same.
type Expected = BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>>;

fn expected(books: &Books, setup: &impl Encode) -> Expected {
    let mut cells = Expected::new();
    let mut put = |key: Vec<u8>, value: Vec<u8>| {
        cells.entry(key).or_default().insert(value);
    };
    let next = u32::try_from(books.plans.len()).unwrap_or(u32::MAX);
    put(Vec::new(), setup.encode());
    put(Vec::new(), next.encode());
    books.plans.iter().for_each(|(plan, kept)| put(plan.encode(), kept.encode()));
    books.terms.iter().for_each(|(at, kept)| put(at.encode(), kept.encode()));
    books
        .fees
        .iter()
        .for_each(|(at, fees)| put(at.encode(), fees.iter().flat_map(Encode::encode).collect::<Vec<_>>().encode()));
    books.network.iter().for_each(|at| put(at.encode(), Vec::new()));
    books.debts.iter().for_each(|(at, kept)| put(at.encode(), kept.encode()));
    books.coverages.iter().for_each(|(at, kept)| put(at.encode(), kept.encode()));
    for ((plan, place), kept) in &books.used {
        put([plan.encode(), place.clone()].concat(), kept.encode());
    }
    books.claims.iter().for_each(|(at, kept)| put(at.encode(), kept.encode()));
    books.pended.iter().for_each(|(at, kept)| put(at.encode(), kept.encode()));
    books.services.iter().for_each(|(at, kept)| put(at.encode(), kept.encode()));
    books.authorisations.iter().for_each(|(at, kept)| put(at.clone(), kept.encode()));
    cells
}

/// What is kept, in the same form.
fn found(cells: &Cells) -> Result<Expected> {
    let mut found = Expected::new();
    for (key, value) in cells {
        // In front of a mapping's key stands which mapping it is.
        let key = key.get(4..).ok_or("a key without its mapping")?.to_vec();
        found.entry(key).or_default().insert(value.clone());
    }
    Ok(found)
}

/// An empty list is as much as none.
fn without_empty(cells: Expected) -> Expected {
    let is_list = |key: &Vec<u8>| !matches!(key.len(), 5 | 36);
    cells.into_iter().filter(|(key, values)| !(is_list(key) && values.iter().all(|value| value == &[0]))).collect()
}

#[tokio::test]
async fn the_whole_state_of_claims_can_be_rebuilt_from_the_events() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let plan = plans(&world).await?;
    claims(&world, plan).await?;
    passed_on(&world, plan).await?;
    authorisations(&world, plan).await?;

    let books = rebuilt(&world).await?;
    assert_eq!(books.told.len(), 19, "every kind of event was told: {:?}", books.told);
    Ok(())
}

#[tokio::test]
async fn whatever_happens_is_told() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    let done = chance::happens(&world, 800..=3_200).await?;
    rebuilt(&world).await?;
    assert_eq!(done.messages.len(), chance::MESSAGES, "each message was tried: {done:?}");
    assert!(done.messages.values().all(|(through, _)| *through > 0), "each message went through: {done:?}");
    assert!(done.called_back > 0, "the token called back: {done:?}");
    Ok(())
}

/// What the events tell is what messages answer, and what is kept.
async fn rebuilt(world: &World) -> Result<Books> {
    let to = world.chain.block_number().await?;
    let told = world.chain.contract_events(world.claims.address(), world.deployment.block, to, |_| {}).await?;
    let mut books = Books::default();
    for found in &told {
        books.note(found)?;
    }
    // What messages answer.
    for (plan, kept) in &books.plans {
        assert_eq!(world.read(world.claims.plan(*plan)).await?, Some(*kept));
    }
    for ((plan, version), kept) in &books.terms {
        assert_eq!(world.read(world.claims.terms(*plan, *version)).await?.as_ref(), Some(kept));
    }
    let plan = PlanId(0);
    for number in 0..5 {
        let known = books.fees.get(&(plan, 0)).and_then(|fees| fees.iter().find(|fee| fee.code == code(number)));
        assert_eq!(world.read(world.claims.fee(plan, code(number))).await?, known.map(|fee| fee.price));
    }
    for ((plan, member), kept) in &books.coverages {
        assert_eq!(&world.read(world.claims.coverages(*plan, *member)).await?, kept);
    }
    for (claim, kept) in &books.claims {
        assert_eq!(world.kept_claim(*claim).await?, *kept);
    }
    for ((plan, provider), debt) in &books.debts {
        assert_eq!(world.debt(*plan, *provider).await?, *debt);
    }
    for who in [&world.doctor, &world.researcher, &world.stranger] {
        let listed = books.network.contains(&(plan, id(who)));
        assert_eq!(world.read(world.claims.in_network(plan, id(who))).await?, listed);
    }

    // And every cell is one that the events know of, with just that in it.
    let setup = world.read(world.claims.setup()).await?;
    let cells = without_empty(found(&world.raw.cells(world.claims.address()).await?)?);
    let known = without_empty(expected(&books, &setup));
    let keys = |cells: &Expected| cells.keys().map(hex::encode).collect::<BTreeSet<_>>();
    assert_eq!(keys(&cells), keys(&known));
    for (key, value) in &known {
        assert_eq!(&cells[key], value, "{}", hex::encode(key));
    }
    Ok(books)
}
