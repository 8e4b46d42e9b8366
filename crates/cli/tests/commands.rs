//! The commands, as a user types them: the README's journey on a real chain, and what is wrong told in a way that a script
//! can use.

use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::Command;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The account of //Bob.
const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

/// A folder to work in, and a chain.
struct Desk {
    folder: tempfile::TempDir,
    url: String,
}

impl Desk {
    fn new() -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir()?, url: salus_localnet::url_for_tests() })
    }

    /// Runs `salus --json` with `arguments`, which are separated by blanks; `@` stands for the folder of samples. Returns the
    /// exit code and what it said.
    fn salus(&self, arguments: &str) -> Result<(i32, Value)> {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
        let samples = samples.to_str().ok_or("a path that is text")?;
        let output = Command::new(env!("CARGO_BIN_EXE_salus"))
            .current_dir(self.folder.path())
            .args(arguments.split_whitespace().map(|argument| argument.replace('@', samples)))
            .arg("--json")
            .env("SALUS_URL", &self.url)
            .env("SALUS_DIRECTORY", format!("{samples}/directory.json"))
            .env("SALUS_CONSORTIUM_KEY_FILE", "consortium.key")
            .env_remove("SALUS_SURI")
            .output()?;
        let said = String::from_utf8(output.stdout)?;
        let code = output.status.code().ok_or("it was killed")?;
        let said = serde_json::from_str(&said).map_err(|error| format!("{arguments}: {error}: {said}"))?;
        Ok((code, said))
    }

    /// As [`Desk::salus`], for what must succeed.
    fn done(&self, arguments: &str) -> Result<Value> {
        let (code, said) = self.salus(arguments)?;
        assert_eq!(code, 0, "{arguments}: {said}");
        Ok(said)
    }

    /// As [`Desk::salus`], for what must be refused.
    fn refused(&self, arguments: &str, exit: i32, code: &str) -> Result {
        let (actual, said) = self.salus(arguments)?;
        assert_eq!((actual, said["error"]["code"].as_str()), (exit, Some(code)), "{arguments}: {said}");
        for field in ["message", "nextStep"] {
            let text = said["error"][field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{arguments}: it does not say {field}: {said}");
        }
        Ok(())
    }

    /// A suite of its own.
    fn deployed() -> Result<Self> {
        let desk = Self::new()?;
        let salt = desk.folder.path().file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let deploy = format!("deploy --suri //Alice --salt {salt}");
        assert_eq!(desk.done(&deploy)?["changed"], true);
        assert_eq!(desk.done(&deploy)?["changed"], false, "a second run changes nothing");
        Ok(desk)
    }
}

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
    desk.done("claim submit @/claim.json --plan 0 --suri //Charlie")?;
    desk.refused("claim submit @/claim.json --plan 0 --suri //Charlie", 3, "claims.DuplicateClaim")?;
    desk.refused("claim settle 0 --suri //Charlie", 3, "claims.NotInsurer")?;
    desk.done("claim settle 0 --suri //Eve")?;
    desk.refused("claim settle 0 --suri //Eve", 3, "claims.AlreadySettled")
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
