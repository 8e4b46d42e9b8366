//! What an observer who reads everything on a chain can link to one patient, and what not.
//!
//! The observer has every transaction, every event, and all that the chain and the registry keep. What it has of an account
//! are the records that name it: signed orders, what was told of them, and cells.

use ink_primitives::AccountId;
use salus_client::signer::{self, for_relationship};
use salus_client::{blake2b_256, relay, Keypair};
use salus_domain::codes::{Power, Purpose};
use salus_domain::commitment::consent_source;
use salus_domain::consent::{Actor, Base, Consent, Decision};
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::time::{Period, Timestamp};
use salus_e2e_tests::orders::{mandate, order, without_tokens};
use salus_e2e_tests::public::Cells;
use salus_e2e_tests::samples::{consent, provision};
use salus_e2e_tests::{account, id, node_of_my_own, person, Result, World};
use salus_interface::consent::{CarriedOut, Instruction, OrdersCarriedOut, SignedOrder};
use scale::{Decode, Encode};
use std::collections::BTreeSet;
use subxt_signer::DeriveJunction;

/// How many bytes in a row two records must have in common to look alike.
const ALIKE: usize = 16;
/// How many of them may be so by chance, beside what all records have there.
const BY_CHANCE: usize = 4;
/// When orders are void at the latest: a full hour, as many patients would give it.
const DEADLINE: Timestamp = Timestamp(4_102_444_800_000);

/// Everything that is public.
struct Observer {
    /// The signed orders of each transaction that relayed some.
    relayed: Vec<Vec<SignedOrder>>,
    told: Vec<CarriedOut>,
    cells: Cells,
    /// All transactions, all events of all blocks, and all that the chain itself keeps: as bytes.
    transactions: Vec<Vec<u8>>,
    events: Vec<Vec<u8>>,
    state: Vec<Vec<u8>>,
}

impl Observer {
    async fn of(world: &World) -> Result<Self> {
        // Until the next transaction, the chain keeps the events of the last one.
        world.raw.endow(&[account(&world.governor)], 1).await?;
        let newest = world.chain.block_number().await?;
        let (mut transactions, mut events) = (Vec::new(), Vec::new());
        for block in 1..=newest {
            transactions.extend(world.raw.transactions(block).await?);
            events.push(world.raw.events(block).await?);
        }
        let begins = [&blake2b_256(b"ConsentRegistry::relay")[..4], &world.place().encode()].concat();
        let relayed = transactions.iter().filter_map(|transaction| {
            let at = transaction.windows(begins.len()).position(|window| window == begins)?;
            Vec::<SignedOrder>::decode(&mut &transaction[at + begins.len()..]).ok()
        });
        let located = world.chain.contract_events(world.registry.address(), 1, newest, |_| {}).await?;
        let told = located.iter().filter_map(|found| found.event.decode::<OrdersCarriedOut>());
        Ok(Self {
            relayed: relayed.collect(),
            told: told.flat_map(|event| event.orders).collect(),
            cells: world.kept().await?,
            transactions,
            events,
            state: world.raw.state().await?.into_iter().map(|(key, value)| [key, value].concat()).collect(),
        })
    }

    /// All that names an account. Fails where it is named by anything else.
    fn records(&self, account: AccountId) -> Result<Vec<Vec<u8>>> {
        let orders: Vec<_> = self.relayed.iter().flatten().map(Encode::encode).collect();
        let told: Vec<_> = self.told.iter().map(Encode::encode).collect();
        let named = |records: &[Vec<u8>]| records.iter().map(|record| count(record, account.as_ref())).sum::<usize>();
        let in_records = (named(&orders), named(&told), 0);
        assert_eq!((named(&self.transactions), named(&self.events), named(&self.state)), in_records);
        let cells = self.cells.iter().map(|(key, value)| [key.clone(), value.clone()].concat());
        let all = orders.into_iter().chain(told).chain(cells);
        let records: Vec<_> = all.filter(|record| count(record, account.as_ref()) > 0).collect();
        if records.is_empty() {
            return Err("nothing names it".into());
        }
        Ok(records)
    }

    /// What the records of two accounts have in common: every piece of so many bytes that stands in some of both.
    fn alike(&self, (one, other): (AccountId, AccountId), length: usize) -> Result<BTreeSet<Vec<u8>>> {
        let pieces = |account| -> Result<BTreeSet<Vec<u8>>> {
            Ok(self.records(account)?.iter().flat_map(|record| record.windows(length)).map(<[u8]>::to_vec).collect())
        };
        Ok(&pieces(one)? & &pieces(other)?)
    }

    /// What two accounts have in common, and two others have not.
    fn alike_beyond(&self, these: (AccountId, AccountId), those: (AccountId, AccountId)) -> Result<BTreeSet<Vec<u8>>> {
        let (mut alike, known) = (self.alike(these, ALIKE)?, self.alike(those, ALIKE - BY_CHANCE)?);
        alike.retain(|piece| !piece.windows(ALIKE - BY_CHANCE).any(|part| known.contains(part)));
        Ok(alike)
    }

    /// The accounts in whose records a name stands.
    fn accounts_that_name(&self, name: &Keypair) -> BTreeSet<AccountId> {
        let naming = self.told.iter().filter(|told| count(&told.encode(), &person(name).0) > 0);
        naming.map(|told| told.order.patient).collect()
    }

    /// The accounts whose orders were relayed in one transaction with an order of this one.
    fn together_with(&self, account: AccountId) -> BTreeSet<AccountId> {
        let signers = |orders: &Vec<SignedOrder>| orders.iter().map(SignedOrder::signer).collect::<BTreeSet<_>>();
        self.relayed.iter().map(signers).filter(|signers| signers.contains(&account)).flatten().collect()
    }
}

fn count(record: &[u8], name: &[u8]) -> usize {
    record.windows(name.len()).filter(|window| *window == name).count()
}

/// The document that everybody signs at a hospital: the sample of the story.
fn document() -> Result<Vec<u8>> {
    Ok(std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/consent.json"))?)
}

/// The commitment to a document. The salt follows from the secret of the account, by a hard derivation.
fn committed(key: &Keypair, document: &[u8]) -> Hash {
    let salt = blake2b_256(&key.derive([DeriveJunction::hard("consent-source")]).public_key().0);
    consent_source(&blake2b_256, salt, document)
}

/// Lets a hospital treat.
fn for_hospital(hospital: &Keypair, source: Hash) -> Consent {
    let provision = provision(Decision::Permit, Actor::Organisation(person(hospital)), Purpose::Treat.into());
    Consent { source, ..consent(vec![provision]) }
}

/// A patient signs at a hospital: the consent from the document, and then another revision of it. `before` is at how many
/// hospitals it did so by this account before.
fn signs(world: &World, key: &Keypair, hospital: &Keypair, before: u32) -> Result<[SignedOrder; 2]> {
    let text = for_hospital(hospital, committed(key, &document()?));
    let wider = Consent { base: Base::Permit, ..text.clone() };
    let sign = |instruction, nonce| relay::sign(key, &world.place(), order(key, instruction), nonce, DEADLINE);
    let amend = Instruction::Amend(ConsentId(before), wider);
    Ok([sign(Instruction::Record(text), 2 * before), sign(amend, 2 * before + 1)])
}

/// A patient, and the accounts by which the patient meets two hospitals.
struct Patient {
    key: Keypair,
    mercy: Keypair,
    unity: Keypair,
}

impl Patient {
    fn new() -> Result<Self> {
        let key = without_tokens(1)?.remove(0);
        let (mercy, unity) = (for_relationship(&key, "mercy")?, for_relationship(&key, "unity")?);
        Ok(Self { key, mercy, unity })
    }
}

/// The hospitals, and two patients who meet both, in a world that nobody else is in.
struct Scene {
    world: World,
    mercy: Keypair,
    unity: Keypair,
    ours: Patient,
    another: Patient,
    _node: salus_localnet::Node,
}

impl Scene {
    async fn new() -> Result<Self> {
        let node = node_of_my_own().await?;
        let world = World::on(node.url()).await?;
        let [mercy, unity] = [world.hospital.clone(), world.researcher.clone()];
        Ok(Self { world, mercy, unity, ours: Patient::new()?, another: Patient::new()?, _node: node })
    }

    /// Relays what both patients sign, each hospital's with that of many others: one relationship in each transaction.
    async fn relays_by_relationship(&self) -> Result {
        for (hospital, ours, another) in
            [(&self.mercy, &self.ours.mercy, &self.another.mercy), (&self.unity, &self.ours.unity, &self.another.unity)]
        {
            let mut orders = Vec::new();
            for who in without_tokens(10)?.iter().chain([ours, another]) {
                orders.extend(signs(&self.world, who, hospital, 0)?);
            }
            self.relays(&orders).await?;
        }
        Ok(())
    }

    async fn relays(&self, orders: &[SignedOrder]) -> Result {
        let answers = self.world.relays(orders).await?;
        assert!(answers.iter().all(std::result::Result::is_ok), "{answers:?}");
        Ok(())
    }

    /// What of two relationships of one patient looks alike and would not if they were two patients'.
    async fn gives_away(&self) -> Result<BTreeSet<Vec<u8>>> {
        let of_one = (id(&self.ours.mercy), id(&self.ours.unity));
        Observer::of(&self.world).await?.alike_beyond(of_one, (id(&self.another.mercy), id(&self.ours.unity)))
    }
}

#[tokio::test]
async fn with_one_account_for_all_whoever_knows_of_one_consent_finds_the_others() -> Result {
    let scene = Scene::new().await?;
    let key = &scene.ours.key;
    for (hospital, before) in [(&scene.mercy, 0), (&scene.unity, 1)] {
        scene.relays(&signs(&scene.world, key, hospital, before)?).await?;
    }
    scene.relays(&signs(&scene.world, &scene.another.mercy, &scene.mercy, 0)?).await?;
    let observer = Observer::of(&scene.world).await?;
    let (mercy, unity) = (observer.accounts_that_name(&scene.mercy), observer.accounts_that_name(&scene.unity));
    assert_eq!(&mercy & &unity, BTreeSet::from([id(key)]), "this patient of Mercy's is a patient of Unity's");
    let records = observer.records(id(key))?.concat();
    assert!([&scene.mercy, &scene.unity].iter().all(|hospital| count(&records, &person(hospital).0) > 0));
    Ok(())
}

#[tokio::test]
async fn two_relationships_of_one_patient_look_like_those_of_two_patients() -> Result {
    let scene = Scene::new().await?;
    scene.relays_by_relationship().await?;
    let observer = Observer::of(&scene.world).await?;
    let (ours, another) = (&scene.ours, &scene.another);
    let (mercy, unity) = (observer.accounts_that_name(&scene.mercy), observer.accounts_that_name(&scene.unity));
    assert!(mercy.contains(&id(&ours.mercy)) && unity.contains(&id(&ours.unity)));
    assert!(mercy.is_disjoint(&unity), "no account is both hospitals'");
    let records = observer.records(id(&ours.mercy))?;
    assert_eq!(records.len(), 5, "two orders, what was told of them, and a file");
    let of_one = (id(&ours.mercy), id(&ours.unity));
    assert!(observer.alike(of_one, 8)?.contains(&DEADLINE.encode()), "what all have in common is seen");
    let (mercys, unitys) = (id(&another.mercy), id(&another.unity));
    for of_two in [(of_one.0, unitys), (mercys, of_one.1), (mercys, unitys)] {
        // Accounts, commitments, nonces, signatures, texts: nothing more in common, and nothing less.
        assert_eq!(observer.alike_beyond(of_one, of_two)?, BTreeSet::new());
        assert_eq!(observer.alike_beyond(of_two, of_one)?, BTreeSet::new());
    }
    assert!(!observer.together_with(id(&ours.mercy)).contains(&id(&ours.unity)));
    for account in [id(&ours.key), id(&another.key)] {
        assert!(observer.records(account).is_err(), "the account behind them is nowhere on the chain");
    }
    for (one, other) in [(&ours.mercy, &ours.unity), (&ours.mercy, &another.mercy)] {
        assert_ne!(committed(one, &document()?), committed(other, &document()?), "one document, two commitments");
    }
    Ok(())
}

/// So that the test before would have found it.
#[tokio::test]
async fn a_commitment_with_one_salt_for_both_would_link_them() -> Result {
    let scene = Scene::new().await?;
    let common = committed(&scene.ours.key, &document()?);
    let mut orders = signs(&scene.world, &scene.another.mercy, &scene.mercy, 0)?.to_vec();
    for (who, hospital) in [(&scene.ours.mercy, &scene.mercy), (&scene.ours.unity, &scene.unity)] {
        orders.push(scene.world.own(who, Instruction::Record(for_hospital(hospital, common)), 0));
    }
    scene.relays(&orders).await?;
    let found = scene.gives_away().await?;
    assert!(common.0.windows(ALIKE).all(|piece| found.contains(piece)));
    Ok(())
}

#[tokio::test]
async fn what_still_links_is_when_by_whom_and_with_whom_it_was_relayed() -> Result {
    let scene = Scene::new().await?;
    let (ours, another, world) = (&scene.ours, &scene.another, &scene.world);
    let both = [signs(world, &ours.mercy, &scene.mercy, 0)?, signs(world, &ours.unity, &scene.unity, 0)?].concat();
    scene.relays(&both).await?;
    let mut many = Vec::new();
    for who in without_tokens(20)?.iter().chain([&another.mercy, &another.unity]) {
        many.extend(signs(world, who, &scene.mercy, 0)?);
    }
    scene.relays(&many).await?;

    let observer = Observer::of(world).await?;
    let pair = BTreeSet::from([id(&ours.mercy), id(&ours.unity)]);
    assert_eq!(observer.together_with(id(&ours.mercy)), pair, "alone in one transaction they are found");
    assert_eq!(observer.together_with(id(&another.mercy)).len(), 22, "among many they are two of many");

    let relayer = account(&world.stranger).0;
    let sent = observer.transactions.iter().filter(|bytes| count(bytes, &both.encode()) > 0);
    assert_eq!(sent.map(|bytes| count(bytes, &relayer)).collect::<Vec<_>>(), [1], "who relays is known");
    Ok(())
}

#[tokio::test]
async fn what_still_links_is_what_only_one_patient_writes() -> Result {
    let scene = Scene::new().await?;
    let (ours, world) = (&scene.ours, &scene.world);
    scene.relays_by_relationship().await?;
    assert_eq!(scene.gives_away().await?, BTreeSet::new());

    // A period to the odd millisecond, and a deadline likewise.
    let (end, deadline) = (Timestamp(4_000_000_123_457), Timestamp(4_000_000_765_433));
    let mut orders = Vec::new();
    for (who, hospital) in [(&ours.mercy, &scene.mercy), (&ours.unity, &scene.unity)] {
        let period = Period { start: Timestamp(0), end };
        let odd = Consent { period, ..for_hospital(hospital, committed(who, b"another document")) };
        let record = order(who, Instruction::Record(odd));
        orders.push(relay::sign(who, &world.place(), record, 2, deadline));
    }
    scene.relays(&orders[..1]).await?;
    scene.relays(&orders[1..]).await?;
    let found = scene.gives_away().await?;
    for odd in [end.encode(), deadline.encode()] {
        assert!(found.iter().any(|piece| count(piece, &odd) > 0));
    }
    Ok(())
}

#[tokio::test]
async fn what_still_links_is_a_proxy_of_both() -> Result {
    let scene = Scene::new().await?;
    scene.relays_by_relationship().await?;
    let parent = &scene.world.stranger;
    for who in [&scene.ours.mercy, &scene.ours.unity] {
        let name = order(who, Instruction::NameProxy(id(parent), mandate(Power::Record.into())));
        scene.relays(&[relay::sign(who, &scene.world.place(), name, 2, DEADLINE)]).await?;
    }
    let observer = Observer::of(&scene.world).await?;
    let both = BTreeSet::from([id(&scene.ours.mercy), id(&scene.ours.unity)]);
    assert_eq!(observer.accounts_that_name(parent), both);
    Ok(())
}

/// What can be derived from a public key is what its key pair derives softly: with any other derivation, the secret is
/// needed.
#[test]
fn nobody_without_the_secret_derives_one_relationships_account_from_anothers() -> Result {
    let key = signer::from_suri("//e2e//privacy")?;
    let (mercy, unity) = (for_relationship(&key, "mercy")?, for_relationship(&key, "unity")?);
    assert_eq!(account(&for_relationship(&key, "unity")?), account(&unity), "with it, name and key give it again");
    let parts = ["salus-relationship", "mercy", "unity", "salus-relationship//unity", "//salus-relationship//unity"];
    let soft = parts.map(DeriveJunction::soft);
    for known in [&key, &mercy] {
        for first in soft {
            let once = known.derive([first]);
            assert_ne!(account(&once), account(&unity));
            for second in soft {
                assert_ne!(account(&known.derive([first, second])), account(&unity));
            }
        }
    }
    // Hard derivations of the account that is known lead nowhere either, even with its secret.
    for hard in [&["unity"][..], &["salus-relationship", "unity"]] {
        assert_ne!(account(&mercy.derive(hard.iter().map(|part| DeriveJunction::hard(*part)))), account(&unity));
    }
    Ok(())
}
