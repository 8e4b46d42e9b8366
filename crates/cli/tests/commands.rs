//! The commands, as a user types them: the README's journey on a real chain, and what is wrong told in a way that a script
//! can use.

mod desk;

use desk::{each, Desk, Result};
use serde_json::json;
use std::fs::File;

/// The account of //Bob.
const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

#[test]
fn the_journey_of_the_readme_ends_with_a_claim_that_is_paid() -> Result {
    let desk = Desk::deployed()?;
    desk.done("verify")?;
    desk.done("consent explain @/consent.json")?;
    let forecast = desk.done("consent record @/consent.json --suri //Dave --dry-run")?;
    for field in ["refTime", "proofSize", "deposit", "fee"] {
        assert!(!forecast["forecast"][field].is_null(), "{field}: {forecast}");
    }
    let none = desk.done("consent list --suri //Dave")?;
    assert_eq!(none["consents"].as_array().map(Vec::len), Some(0), "a dry run records nothing: {none}");
    desk.done("consent record @/consent.json --suri //Dave")?;
    desk.done(&format!("access authority add {BOB} --suri //Alice"))?;
    desk.done(
        "access credential Practitioner/dr-adams --organisation Organization/mercy-hospital --role doctor \
         --until 2099-01-01T00:00:00Z --suri //Bob",
    )?;
    desk.done("key consortium consortium.key")?;
    desk.done("plan open @/plan.json --suri //Eve")?;
    desk.done("plan fund 0 1000 --suri //Eve")?;
    desk.done("plan cover 0 @/coverage.json --suri //Eve")?;
    let submitted = desk.done("claim submit @/claim.json --plan 0 --suri //Charlie")?;
    let claim = submitted["claim"].as_str().ok_or("a claim")?;
    desk.refused(&format!("claim settle {claim} --suri //Charlie"), 3, "claims.NotInsurer")?;
    let settled = desk.done("claim settle --plan 0 --suri //Eve")?;
    assert_eq!(each(&settled["settled"], "claim"), [claim]);
    assert_eq!(desk.done(&format!("claim settle {claim} --suri //Eve"))?["before"], json!([claim]));
    Ok(())
}

#[test]
fn wrong_input_has_an_exit_code_a_code_and_a_way_out() -> Result {
    let desk = Desk::deployed()?;
    let file = |name: &str| desk.folder.path().join(name);
    File::create(file("huge.json"))?.set_len(500_000_000)?;
    std::fs::write(file("broken.json"), "{\"resourceType\":\"Consent\"")?;
    std::fs::write(file("other.json"), "{\"resourceType\":\"Patient\"}")?;
    let name = std::fs::read_dir(file("deployments"))?.next().ok_or("there is a deployment file")??.path();
    let genesis = std::fs::read_to_string(&name)?.replace("\"genesisHash\": \"0x", "\"genesisHash\": \"0xff");
    std::fs::write(file("other-chain.json"), genesis)?;

    desk.refused("consent record no-such-file.json --suri //Dave", 4, "file")?;
    desk.refused("consent record huge.json --suri //Dave", 4, "file")?;
    desk.refused("consent record broken.json --suri //Dave", 4, "document")?;
    desk.refused("consent record other.json --suri //Dave", 4, "document")?;
    desk.refused("verify --deployment other-chain.json", 5, "deployment.otherChain")?;
    desk.refused("verify --deployment broken.json", 4, "deployment.malformed")?;
    desk.refused("verify --url ws://127.0.0.1:1", 5, "chain.unreachable")?;
    desk.refused("verify --url http://127.0.0.1", 4, "input.url")?;
    desk.refused("consent revoke 9 --suri //Dave", 3, "consent.NotFound")?;
    desk.refused("consent revoke-all --suri //salus-commands//nobody", 6, "funds")?;
    desk.refused("demo --suri words", 4, "signer")?;
    let none = desk.done("consent list --suri //Dave")?;
    assert_eq!(none["consents"].as_array().map(Vec::len), Some(0), "nothing was recorded: {none}");
    Ok(())
}
