//! Whatever is changed in a signed order, it is refused, and nothing is written.

use salus_domain::codes::{Power, PowerSet};
use salus_domain::consent::Consent;
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::mandate::Mandate;
use salus_domain::time::{Period, Timestamp};
use salus_e2e_tests::orders::{agreed, mandate, order, without_tokens};
use salus_e2e_tests::samples::{for_payment, for_treatment};
use salus_e2e_tests::{id, Result, World};
use salus_interface::consent::{Done, Instruction, Order, RelayError, SignedOrder};

const FIRST: ConsentId = ConsentId(0);

#[tokio::test]
async fn a_signed_order_with_any_other_field_is_refused() -> Result {
    let world = World::new().await?;
    let people = without_tokens(2)?;
    let (patient, somebody) = (&people[0], &people[1]);
    let text = for_treatment(&world.doctor);
    world.relays(&[world.own(patient, Instruction::Record(text.clone()), 0)]).await?;
    let good = world.own(patient, Instruction::Amend(FIRST, for_payment(&world.insurer)), 1);
    let later = world.own(patient, Instruction::Amend(FIRST, for_payment(&world.insurer)), 2);
    let changed = [
        (
            SignedOrder { order: order(somebody, good.order.instruction.clone()), ..good.clone() },
            RelayError::NonceAhead,
        ),
        (SignedOrder { proxy: Some(id(somebody)), ..good.clone() }, RelayError::NonceAhead),
        (SignedOrder { proxy: Some(id(patient)), ..good.clone() }, RelayError::BadSignature),
        (SignedOrder { order: order(patient, Instruction::RevokeAll), ..good.clone() }, RelayError::BadSignature),
        (SignedOrder { nonce: 0, ..good.clone() }, RelayError::NonceUsed),
        (SignedOrder { nonce: 2, ..good.clone() }, RelayError::NonceAhead),
        (SignedOrder { nonce: 1, ..later }, RelayError::BadSignature),
        (SignedOrder { deadline: Timestamp(u64::MAX - 1), ..good.clone() }, RelayError::BadSignature),
        (SignedOrder { deadline: Timestamp(1), ..good.clone() }, RelayError::DeadlineOver),
        (SignedOrder { signature: [0; 64], ..good.clone() }, RelayError::BadSignature),
        (SignedOrder { signature: [0xff; 64], ..good.clone() }, RelayError::BadSignature),
    ];
    for (changed, error) in changed {
        assert_eq!(world.relays_in_vain(std::slice::from_ref(&changed)).await?, [error], "{changed:?}");
    }
    let of_somebody = world.own(patient, Instruction::RevokeAll, 0);
    let of_somebody = SignedOrder { order: order(somebody, Instruction::RevokeAll), ..of_somebody };
    assert_eq!(world.relays_in_vain(&[of_somebody]).await?, [RelayError::BadSignature], "also where the nonce fits");
    assert_eq!(world.relays(&[good]).await?, [Ok(Done::Amended(1))]);
    Ok(())
}

/// Every instruction that there is, and for each of its fields another one.
#[tokio::test]
async fn a_signed_order_with_anything_else_to_do_is_refused() -> Result {
    let world = World::new().await?;
    let patient = &without_tokens(1)?[0];
    let (doctor, insurer) = (id(&world.doctor), id(&world.insurer));
    let text = for_treatment(&world.doctor);
    let texts = [
        for_payment(&world.insurer),
        Consent { period: Period { end: Timestamp(u64::MAX - 1), ..text.period }, ..text.clone() },
        Consent { period: Period { start: Timestamp(1), ..text.period }, ..text.clone() },
        Consent { source: Hash([2; 32]), ..text.clone() },
        Consent { base: salus_domain::consent::Base::Permit, ..text.clone() },
        Consent { base: salus_domain::consent::Base::Deny, provisions: Vec::new(), ..text.clone() },
    ];
    let powers = mandate(PowerSet::of(&[Power::Record, Power::Amend]));
    let mandates = [
        mandate(Power::Record.into()),
        mandate(PowerSet::of(Power::ALL)),
        Mandate { period: Period { start: Timestamp(1), ..powers.period }, ..powers },
        Mandate { period: Period { end: Timestamp(u64::MAX - 1), ..powers.period }, ..powers },
    ];
    let (accepted, other) = (agreed(&text), agreed(&texts[0]));
    let signed_and_changed = [
        (Instruction::Record(text.clone()), texts.iter().cloned().map(Instruction::Record).collect()),
        (
            Instruction::Amend(FIRST, text.clone()),
            texts
                .iter()
                .map(|other| Instruction::Amend(FIRST, other.clone()))
                .chain([Instruction::Amend(ConsentId(1), text.clone()), Instruction::Record(text.clone())])
                .collect(),
        ),
        (Instruction::Revoke(FIRST), vec![Instruction::Revoke(ConsentId(1)), Instruction::RevokeAll]),
        (Instruction::RevokeAll, vec![Instruction::Revoke(FIRST)]),
        (
            Instruction::Accept(doctor, accepted),
            vec![
                Instruction::Accept(insurer, accepted),
                Instruction::Accept(doctor, other),
                Instruction::Reject(doctor),
                Instruction::Record(text.clone()),
            ],
        ),
        (Instruction::Reject(doctor), vec![Instruction::Reject(insurer), Instruction::RemoveProxy(doctor)]),
        (
            Instruction::NameProxy(doctor, powers),
            mandates
                .into_iter()
                .map(|other| Instruction::NameProxy(doctor, other))
                .chain([Instruction::NameProxy(insurer, powers), Instruction::RemoveProxy(doctor)])
                .collect(),
        ),
        (Instruction::RemoveProxy(doctor), vec![Instruction::RemoveProxy(insurer), Instruction::Reject(doctor)]),
    ];
    let mut forged = Vec::new();
    for (signed, changed) in signed_and_changed {
        let genuine = world.own(patient, signed, 0);
        let change = |instruction| SignedOrder { order: order(patient, instruction), ..genuine.clone() };
        forged.extend(changed.into_iter().map(change));
    }
    let refused = world.relays_in_vain(&forged).await?;
    assert_eq!(refused, vec![RelayError::BadSignature; forged.len()]);
    let genuine = world.own(patient, Instruction::Record(text), 0);
    assert_eq!(world.relays(&[genuine]).await?, [Ok(Done::Recorded(FIRST))]);
    Ok(())
}

#[tokio::test]
async fn a_signature_with_any_other_byte_is_refused() -> Result {
    let world = World::new().await?;
    let patient = &without_tokens(1)?[0];
    let good = world.own(patient, Instruction::RevokeAll, 0);
    let forged: Vec<_> = (0..64)
        .map(|byte| {
            let mut changed = good.clone();
            changed.signature[byte] ^= 1;
            changed
        })
        .collect();
    assert_eq!(world.relays_in_vain(&forged).await?, [RelayError::BadSignature; 64]);
    assert_eq!(world.relays(&[good]).await?, [Ok(Done::Revoked(0))]);
    Ok(())
}

/// What somebody signs as a proxy is nobody's own, and the other way round.
#[tokio::test]
async fn a_signature_counts_only_for_who_gave_it_and_in_the_role_in_which_it_was_given() -> Result {
    let world = World::new().await?;
    let people = without_tokens(2)?;
    let (patient, proxy) = (&people[0], &people[1]);
    let name = Instruction::NameProxy(id(proxy), mandate(PowerSet::of(Power::ALL)));
    world.relays(&[world.own(patient, name, 0)]).await?;
    let as_proxy = world.signed(proxy, order(patient, Instruction::RevokeAll), 0);
    let as_patient = world.own(patient, Instruction::RevokeAll, 1);
    let own_of_proxy = world.own(proxy, Instruction::RevokeAll, 0);
    let forged = [
        SignedOrder { proxy: None, nonce: 1, ..as_proxy.clone() },
        SignedOrder { proxy: Some(id(proxy)), nonce: 0, ..as_patient.clone() },
        SignedOrder { order: order(proxy, Instruction::RevokeAll), proxy: None, ..as_proxy.clone() },
        SignedOrder { order: order(patient, Instruction::RevokeAll), proxy: Some(id(proxy)), ..own_of_proxy },
    ];
    assert_eq!(world.relays_in_vain(&forged).await?, [RelayError::BadSignature; 4]);
    let no_key = Order { patient: [0xff; 32].into(), instruction: Instruction::RevokeAll };
    let no_key = SignedOrder { order: no_key, nonce: 0, ..as_patient.clone() };
    assert_eq!(world.relays_in_vain(&[no_key]).await?, [RelayError::BadSignature], "an account that is no key");
    assert_eq!(world.relays(&[as_proxy, as_patient]).await?, [Ok(Done::Revoked(0)); 2]);
    Ok(())
}
