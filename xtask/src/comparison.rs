//! What consent costs beside a registry as one writes it first, and how a decision's cost grows: `benches/contracts`.

use crate::costs::{account, treatment_by, Meter};
use anyhow::{Context, Result};
use salus_client::bundle::Bundle;
use salus_client::contracts::ConsentRegistry;
use salus_client::deployment::instantiate;
use salus_client::message::{Message, Query};
use salus_client::{domain_account, ink_account, relay, signer, AccountId32, Chain, Keypair};
use salus_domain::codes::{Action, Class, Power, PowerSet, Purpose, RoleSet};
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision};
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::mandate::Mandate;
use salus_domain::request::Principal;
use salus_domain::time::{Period, Timestamp};
use salus_interface::consent::{ConsentError, Done, Instruction, Order, Place, RelayError};
use scale::{Decode, Encode};
use std::path::Path;

/// How many orders a batch has.
const BATCH: usize = 100;

/// The contracts to compare with.
struct Others {
    twin: AccountId32,
    flag: AccountId32,
    asker: AccountId32,
}

/// Measures all comparisons.
pub async fn measure(meter: &mut Meter, root: &Path, registry: &ConsentRegistry, deployer: &Keypair) -> Result<()> {
    let others = Others {
        twin: put(&meter.chain, root, "consent_twin", deployer, &()).await?,
        flag: put(&meter.chain, root, "flag", deployer, &()).await?,
        asker: put(&meter.chain, root, "asker", deployer, &()).await?,
    };
    grant_and_revoke(meter, registry, &others).await?;
    batch(meter, registry).await?;
    relayed(meter, registry, deployer).await?;
    decisions(meter, registry, &others).await
}

/// Instantiates a contract of `benches/`, with the arguments of its constructor.
pub async fn put(
    chain: &Chain,
    root: &Path,
    name: &str,
    deployer: &Keypair,
    arguments: &impl Encode,
) -> Result<AccountId32> {
    let file = root.join("benches/bundles").join(name).with_extension("contract");
    let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let bundle = Bundle::parse(name, &bytes)?;
    Ok(instantiate::<ConsentError>(chain, deployer, &bundle, arguments, b"costs").await?)
}

/// A grant of one provision to one provider, which is what the twin is for.
pub fn grant_to(provider: &AccountId32) -> Consent {
    let mut provision = Provision::new(1, Decision::Permit);
    provision.actors = vec![Actor::Account(domain_account(provider))];
    provision.purposes = Purpose::Treat.into();
    provision.actions = Action::Access.into();
    Consent { base: Base::Silent, period: Period::ALWAYS, source: Hash([7; 32]), provisions: vec![provision] }
}

fn twin<T: Decode>(others: &Others, name: &'static str, arguments: &impl Encode) -> Message<T, ConsentError> {
    Message::new(&others.twin, name, arguments)
}

async fn run<T: Decode>(meter: &Meter, message: Message<T, ConsentError>, who: &Keypair) -> Result<u64> {
    let failed = |error| anyhow::anyhow!("{}: {error}", message.name());
    let (_, cost) = message.dry_run(&meter.chain, &account(who)).await.map_err(failed)?;
    message.submit(&meter.chain, who).await.map_err(failed)?;
    Ok(cost.ref_time)
}

/// An account with tokens.
pub async fn funded(meter: &Meter, name: &str) -> Result<Keypair> {
    let somebody = signer::from_suri(name)?;
    let alice = signer::from_suri("//Alice")?;
    meter.chain.transfer_all(&alice, &[(account(&somebody), 1_000_000_000_000_000)]).await?;
    Ok(somebody)
}

async fn grant_and_revoke(meter: &mut Meter, registry: &ConsentRegistry, others: &Others) -> Result<()> {
    let patient = funded(meter, "//costs//one").await?;
    let consent = grant_to(&account(&signer::from_suri("//Charlie")?));
    let theirs = run(meter, twin::<u32>(others, "grant", &(&consent,)), &patient).await?;
    let ours = run(meter, registry.record(&consent), &patient).await?;
    meter.compare("a grant", 750, ours, theirs);
    meter.twin_grant = theirs;
    let theirs = run(meter, twin::<()>(others, "revoke", &(0u32,)), &patient).await?;
    let ours = run(meter, registry.revoke(ConsentId(0)), &patient).await?;
    meter.compare("a revocation", 750, ours, theirs);
    Ok(())
}

/// A patient's own grants and those that the patient makes as a proxy: one patient has at most 64 consents.
async fn batch(meter: &mut Meter, registry: &ConsentRegistry) -> Result<()> {
    let (proxy, child) = (funded(meter, "//costs//proxy").await?, funded(meter, "//costs//child").await?);
    let mandate = Mandate { powers: PowerSet::of(&[Power::Record]), period: Period::ALWAYS };
    run(meter, registry.name_proxy(ink_account(&account(&proxy)), &mandate), &child).await?;
    let consent = grant_to(&account(&signer::from_suri("//Charlie")?));
    let orders: Vec<_> = (0..BATCH)
        .map(|number| {
            let patient = if number < BATCH / 2 { &proxy } else { &child };
            let patient = ink_account(&account(patient));
            Order { patient, instruction: Instruction::Record(consent.clone()) }
        })
        .collect();
    let ours = run(meter, registry.carry_out(&orders), &proxy).await?;
    meter.compare("a grant in a batch of 100", 200, ours / BATCH as u64, meter.twin_grant);
    Ok(())
}

/// Each by another patient, all of whom are new and have no tokens.
async fn relayed(meter: &mut Meter, registry: &ConsentRegistry, relayer: &Keypair) -> Result<()> {
    let consent = grant_to(&account(&signer::from_suri("//Charlie")?));
    let contract = ink_account(registry.address());
    let place = Place { genesis: Hash(meter.chain.genesis_hash()), contract };
    let mut orders = Vec::with_capacity(BATCH);
    for number in 0..BATCH {
        let patient = signer::from_suri(&format!("//costs//relayed//{number}"))?;
        let order =
            Order { patient: ink_account(&account(&patient)), instruction: Instruction::Record(consent.clone()) };
        orders.push(relay::sign(&patient, &place, order, 0, Timestamp::MAX));
    }
    let message: Message<Vec<Result<Done, RelayError>>, ConsentError> = registry.relay(&place, &orders);
    let failed = |error| anyhow::anyhow!("relay: {error}");
    let (done, cost) = message.dry_run(&meter.chain, &account(relayer)).await.map_err(failed)?;
    anyhow::ensure!(done.iter().all(Result::is_ok), "an order was refused: {done:?}");
    meter.compare("a signed grant in a relay of 100", 400, cost.ref_time / BATCH as u64, meter.twin_grant);
    Ok(())
}

/// As [`grant_to`], with three exceptions.
pub fn with_exceptions(provider: &AccountId32) -> Consent {
    let mut consent = grant_to(provider);
    let exception = |class: Class| Provision { classes: class.into(), ..Provision::new(2, Decision::Deny) };
    consent.provisions.extend([Class::Claim, Class::Coverage, Class::Condition].map(exception));
    consent
}

async fn decisions(meter: &mut Meter, registry: &ConsentRegistry, others: &Others) -> Result<()> {
    let provider = account(&signer::from_suri("//Charlie")?);
    let principal = Principal { account: domain_account(&provider), organisations: Vec::new(), roles: RoleSet::EMPTY };
    let request = treatment_by(principal);
    let (ours_at, flag_at) = (ink_account(registry.address()), ink_account(&others.flag));
    let first = funded(meter, "//costs//flag").await?;
    let set = Message::<(), ConsentError>::new(&others.flag, "set", &(ink_account(&provider), true));
    run(meter, set, &first).await?;
    let arguments = (flag_at, ink_account(&account(&first)), ink_account(&provider));
    let theirs = ask(meter, Query::new(&others.asker, "ask_flag", &arguments)).await?;
    // By how many consents are on file, and how many of them are about who asks.
    for (on_file, about) in [(1, 1), (8, 1), (8, 8), (32, 1), (64, 1), (64, 64)] {
        let patient = funded(meter, &format!("//costs//decide//{on_file}//{about}")).await?;
        let orders: Vec<_> = (0..on_file)
            .map(|number: u8| {
                // Of others, none of which falls together with the provider's in the index.
                let other = AccountId32([number | 0x80; 32]);
                let consent = with_exceptions(if number < about { &provider } else { &other });
                Order { patient: ink_account(&account(&patient)), instruction: Instruction::Record(consent) }
            })
            .collect();
        for part in orders.chunks(32) {
            run(meter, registry.carry_out(part), &patient).await?;
        }
        let arguments = (ours_at, ink_account(&account(&patient)), request.clone());
        let ours = ask(meter, Query::new(&others.asker, "ask_registry", &arguments)).await?;
        let what = format!("a decision for another contract, {on_file} consents of 4 provisions on file, {about} of them about who asks");
        let aim = if (on_file, about) == (8, 1) { 1_600 } else { 0 };
        meter.compare(&what, aim, ours, theirs);
    }
    Ok(())
}

async fn ask(meter: &Meter, query: Query<bool>) -> Result<u64> {
    let (permitted, cost) = query.dry_run(&meter.chain).await?;
    anyhow::ensure!(permitted, "{} was refused", query.name());
    Ok(cost.ref_time)
}
