//! The client and the contracts' metadata speak of the same messages, errors and events.

use salus_client::blake2b_256;
use salus_client::contracts::{AccessGrants, Claims, ConsentRegistry};
use salus_e2e_tests::{bundles_folder, Result};
use salus_interface::event::Event;
use salus_interface::{access, claims, consent};
use serde_json::Value;
use std::collections::BTreeMap;

fn spec(file: &str) -> Result<Value> {
    let bytes = std::fs::read(bundles_folder().join(file))?;
    let bundle: Value = serde_json::from_slice(&bytes)?;
    Ok(bundle["spec"].clone())
}

/// A list of the metadata: the label and another field of each entry.
fn labelled(spec: &Value, list: &str, field: &str) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = spec[list].as_array().into_iter().flatten();
    entries.map(|entry| (text(&entry["label"]), text(&entry[field]))).collect()
}

fn hex0x(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn topic(signature: &str) -> String {
    hex0x(&blake2b_256(signature.replace(char::is_whitespace, "").as_bytes()))
}

fn contracts() -> [(&'static str, &'static [&'static str]); 3] {
    [
        ("consent_registry.contract", ConsentRegistry::MESSAGES),
        ("access_grants.contract", AccessGrants::MESSAGES),
        ("claims.contract", Claims::MESSAGES),
    ]
}

#[test]
fn the_client_has_every_message_of_the_metadata_with_its_selector_and_no_other() -> Result {
    for (file, messages) in contracts() {
        let selector = |name: &&str| ((*name).to_owned(), hex0x(&blake2b_256(name.as_bytes())[..4]));
        let known: BTreeMap<_, _> = messages.iter().map(selector).collect();
        assert_eq!(known.len(), messages.len(), "{file}: each once");
        assert_eq!(labelled(&spec(file)?, "messages", "selector"), known, "{file}");
    }
    Ok(())
}

#[test]
fn each_contract_has_the_one_constructor_that_is_deployed() -> Result {
    for (file, _) in contracts() {
        let new = BTreeMap::from([("new".to_owned(), hex0x(&blake2b_256(b"new")[..4]))]);
        assert_eq!(labelled(&spec(file)?, "constructors", "selector"), new, "{file}");
    }
    Ok(())
}

#[test]
fn only_funding_repaying_and_breaking_the_glass_take_value() -> Result {
    for (file, _) in contracts() {
        let spec = spec(file)?;
        let payable: Vec<_> = spec["messages"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|message| message["payable"] == Value::Bool(true))
            .map(|message| message["label"].clone())
            .collect();
        let expected: &[&str] = match file {
            "access_grants.contract" => &["AccessGrants::break_glass"],
            "claims.contract" => &["Claims::fund", "Claims::repay"],
            _ => &[],
        };
        assert_eq!(payable, expected, "{file}");
    }
    Ok(())
}

macro_rules! events {
    ($($module:ident: $($Event:ident),+;)+) => {
        [$((
            stringify!($module),
            BTreeMap::from([$((
                stringify!($Event).to_owned(),
                topic(<$module::$Event as Event>::SIGNATURE),
            )),+]),
        )),+]
    };
}

/// The crate of PSP22, whose trait claims call, has events for those who implement it.
fn is_the_tokens(file: &str, name: &str) -> bool {
    file == "claims.contract" && ["Approval", "Transfer"].contains(&name)
}

/// ink! lists in each contract's metadata the events of everything that is linked to it: each contract's own must be
/// there, and none that the interface does not have.
#[test]
fn the_events_of_the_metadata_are_those_of_the_interface() -> Result {
    let known = events! {
        consent: ConsentProposed, ProposalWithdrawn, OrdersCarriedOut;
        access: AuthorityAdded, AuthorityRemoved, OrganisationAccredited, ProviderCredentialed, KeyPublished, KeyRevoked,
            RecordRegistered, RecordAmended, RecordErased, ConditionSet, AgreementChanged, LinkRedeemed, AccessDecided,
            EmergencyChanged, RootAnchored, ReleaseLogged;
        claims: PlanOpened, PlanRevised, PlanFrozen, PoolFunded, PoolWithdrawn, FeesSet, NetworkSet, MembersCovered,
            CoverageEnded, AuthorisationChanged, ClaimPended, ClaimWithdrawn, ClaimAdjudicated, ClaimsSettled,
            ClaimAppealed, AppealAnswered, AppealDecided, ClaimReversed, DebtPaid;
    };
    let all: BTreeMap<_, _> = known.iter().flat_map(|(_, events)| events.clone()).collect();
    let topics: std::collections::BTreeSet<_> = all.values().collect();
    assert_eq!(topics.len(), all.len(), "no two events have the same topic");
    for ((file, _), (module, own)) in contracts().iter().zip(&known) {
        let listed = labelled(&spec(file)?, "events", "signature_topic");
        for (name, topic) in own {
            assert_eq!(listed.get(name), Some(topic), "{module}: {name}");
        }
        for (name, topic) in listed.into_iter().filter(|(name, _)| !is_the_tokens(file, name)) {
            assert_eq!(all.get(&name), Some(&topic), "{file}: {name}");
        }
    }
    Ok(())
}
