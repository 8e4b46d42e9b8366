//! Share links: whoever holds one is let in as a member of it, by the patient's consent to the link.

use salus_client::{blake2b_256, domain_account, Keypair};
use salus_domain::codes::{Action, Purpose, PurposeSet, Role};
use salus_domain::commitment::{link_group, redemption};
use salus_domain::consent::{Actor, Consent, Decision};
use salus_domain::ids::RecordId;
use salus_domain::time::{Period, Timestamp};
use salus_e2e_tests::orders::without_tokens;
use salus_e2e_tests::raw::contracts_call;
use salus_e2e_tests::samples::{consent, provision, record, DAY};
use salus_e2e_tests::{id, node_of_my_own, person, Result, World};
use salus_interface::access::{AccessDecided, AccessDecision, AccessError, LinkRedeemed, Redemption, Refusal};

const KEY: [u8; 32] = [9; 32];

/// What the link signs for a provider, as it counts for this world's access grants.
fn signed(world: &World, link: &Keypair, provider: &Keypair, key: [u8; 32]) -> [u8; 64] {
    let grants = domain_account(world.grants.address());
    let bytes = redemption(&blake2b_256, grants, person(link), person(provider), key);
    link.sign(&bytes).0
}

/// A consent that lets the link in for treatment.
fn for_link(link: &Keypair) -> Consent {
    let members = link_group(&blake2b_256, person(link));
    consent(vec![provision(Decision::Permit, Actor::Organisation(members), Purpose::Treat.into())])
}

async fn redeems(world: &World, who: &Keypair, link: &Keypair) -> Result {
    let done = world.run(who, world.grants.redeem(id(link), KEY, signed(world, link, who, KEY))).await?;
    assert_eq!(done.event::<LinkRedeemed>()?, LinkRedeemed { link: id(link), provider: id(who), key: KEY });
    Ok(())
}

async fn asks_as(world: &World, who: &Keypair, record: RecordId, link: Option<&Keypair>) -> Result<AccessDecision> {
    let ask = world.grants.request_access(record, Purpose::Treat, Action::Access, link.map(id));
    let event = world.run(who, ask).await?.event::<AccessDecided>()?;
    assert_eq!(event.link, link.map(id));
    Ok(event.decision)
}

fn refused(refusal: Refusal) -> AccessDecision {
    AccessDecision::Refused(refusal)
}

/// A world with a link, for which the patient has given consent, and a second provider.
async fn with_link() -> Result<(World, Keypair, RecordId)> {
    let world = World::new().await?;
    world.establish().await?;
    world.credential(&world.researcher, &world.stranger, Role::Doctor, DAY).await?;
    let link = without_tokens(1)?.remove(0);
    let registered = world.registers(record(1)).await?;
    world.consents(&for_link(&link)).await?;
    Ok((world, link, registered))
}

#[tokio::test]
async fn who_redeems_a_link_is_let_in_under_it_and_nobody_else_is() -> Result {
    let (world, link, registered) = with_link().await?;
    assert_eq!(asks_as(&world, &world.researcher, registered, Some(&link)).await?, refused(Refusal::NotRedeemed));
    redeems(&world, &world.researcher, &link).await?;
    let permitted = asks_as(&world, &world.researcher, registered, Some(&link)).await?;
    assert!(matches!(permitted, AccessDecision::Permitted { .. }), "{permitted:?}");
    let without = asks_as(&world, &world.researcher, registered, None).await?;
    assert_eq!(without, refused(Refusal::NoConsent), "a link is named where it is used");

    // Who finds the link later, also with its secret, comes too late.
    let again = world.grants.redeem(id(&link), KEY, signed(&world, &link, &world.doctor, KEY));
    assert_eq!(world.refused(&world.doctor, again).await?, AccessError::AlreadyRedeemed);
    assert_eq!(asks_as(&world, &world.doctor, registered, Some(&link)).await?, refused(Refusal::NotRedeemed));
    let kept = Some(Redemption { provider: id(&world.researcher), key: KEY });
    assert_eq!(world.read(world.grants.redemption(id(&link))).await?, kept);
    let twice = world.grants.redeem(id(&link), KEY, signed(&world, &link, &world.researcher, KEY));
    assert!(world.run(&world.researcher, twice).await?.events.is_empty(), "doing it twice changes nothing");

    // An organisation that has the key of its own account cannot make it a link: members of a link are another group.
    let staff = Actor::Organisation(person(&world.stranger));
    world.consents(&consent(vec![provision(Decision::Permit, staff, Purpose::Hresch.into())])).await?;
    redeems(&world, &world.doctor, &world.stranger).await?;
    let ask = world.grants.request_access(registered, Purpose::Hresch, Action::Access, Some(id(&world.stranger)));
    assert_eq!(world.run(&world.doctor, ask).await?.forecast, refused(Refusal::NoConsent));

    // The link's own account, and one that pretends to be it, are nobody.
    assert_eq!(asks_as(&world, &world.stranger, registered, Some(&link)).await?, refused(Refusal::NotCredentialed));
    let members = Actor::Organisation(person(&world.hospital));
    world.consents(&consent(vec![provision(Decision::Permit, members, PurposeSet::EMPTY)])).await?;
    let hospital = world.grants.request_access(registered, Purpose::Treat, Action::Access, Some(id(&world.hospital)));
    let decision = world.run(&world.researcher, hospital).await?.forecast;
    assert_eq!(decision, refused(Refusal::NotRedeemed), "no organisation is claimed by naming it as a link");
    Ok(())
}

#[tokio::test]
async fn a_signature_for_anything_else_redeems_nothing() -> Result {
    let (world, link, _) = with_link().await?;
    let other = World::new().await?;
    let mut forged = signed(&world, &link, &world.doctor, KEY);
    forged[0] ^= 1;
    for (signature, key) in [
        (forged, KEY),
        (signed(&world, &link, &world.researcher, KEY), KEY),
        (signed(&world, &world.doctor, &world.doctor, KEY), KEY),
        (signed(&world, &link, &world.doctor, KEY), [8; 32]),
        (signed(&other, &link, &world.doctor, KEY), KEY),
    ] {
        let redeem = world.grants.redeem(id(&link), key, signature);
        assert_eq!(world.refused(&world.doctor, redeem).await?, AccessError::BadSignature);
    }
    let weak = world.grants.redeem(id(&link), [0; 32], signed(&world, &link, &world.doctor, [0; 32]));
    assert_eq!(world.refused(&world.doctor, weak).await?, AccessError::WeakKey);
    let nobody = world.grants.redeem(id(&link), KEY, signed(&world, &link, &world.stranger, KEY));
    assert_eq!(world.refused(&world.stranger, nobody).await?, AccessError::NotCredentialed);
    assert_eq!(world.read(world.grants.redemption(id(&link))).await?, None);
    Ok(())
}

/// The three calls are one block's.
#[tokio::test]
async fn a_link_whose_consent_is_revoked_is_of_no_use_in_the_same_block() -> Result {
    let (world, link, registered) = with_link().await?;
    redeems(&world, &world.researcher, &link).await?;
    let ask = world.grants.request_access(registered, Purpose::Treat, Action::Access, Some(id(&link)));
    let asks = || (&world.researcher, contracts_call(world.grants.address(), 0, ask.input()));
    let revoke = world.registry.revoke_all();
    let revokes = (&world.patient, contracts_call(world.registry.address(), 0, revoke.input()));
    let block = world.in_one_block([asks(), revokes, asks()]).await?;
    let decisions = world.told::<AccessDecided>(block).await?;
    assert!(matches!(decisions[0].decision, AccessDecision::Permitted { .. }));
    assert_eq!(decisions[1].decision, refused(Refusal::NoConsent));
    assert_eq!(decisions.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_link_ends_with_its_consent_and_its_holders_credential() -> Result {
    let node = node_of_my_own().await?;
    let world = World::on(node.url()).await?;
    world.establish().await?;
    world.credential(&world.researcher, &world.stranger, Role::Doctor, 2 * DAY).await?;
    let link = without_tokens(1)?.remove(0);
    let registered = world.registers(record(1)).await?;
    let period = Period { start: Timestamp(0), end: world.now().await?.plus(DAY) };
    world.consents(&Consent { period, ..for_link(&link) }).await?;
    redeems(&world, &world.researcher, &link).await?;
    assert!(matches!(
        asks_as(&world, &world.researcher, registered, Some(&link)).await?,
        AccessDecision::Permitted { .. }
    ));
    world.chain.advance_clock(DAY).await?;
    assert_eq!(asks_as(&world, &world.researcher, registered, Some(&link)).await?, refused(Refusal::NoConsent));
    world.consents(&for_link(&link)).await?;
    world.chain.advance_clock(DAY).await?;
    let expired = asks_as(&world, &world.researcher, registered, Some(&link)).await?;
    assert_eq!(expired, refused(Refusal::CredentialExpired), "a link is no credential");
    Ok(())
}
