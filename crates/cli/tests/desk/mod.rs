//! A folder to work in, a chain, and the `salus` binary.

#![allow(dead_code, reason = "each test program uses what it needs")]

use serde_json::{json, Value};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a test returns.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What each person gets to start with, in the token's smallest unit: 100 tokens of 12 decimals.
const FUNDS: u128 = 100_000_000_000_000;

/// Writes the samples.
const SAMPLES: &str = "demo --samples samples";

/// Where somebody works with `salus`.
pub struct Desk {
    /// The folder.
    pub folder: tempfile::TempDir,
    url: String,
}

impl Desk {
    /// A desk without a suite.
    pub fn new() -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir()?, url: salus_localnet::url_for_tests() })
    }

    /// A desk whose chain cannot be reached.
    pub fn off_line() -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir()?, url: "ws://127.0.0.1:1".to_owned() })
    }

    /// A desk on another chain than that of the other tests, with a suite of its own.
    pub fn on(url: &str, options: &str) -> Result<Self> {
        let desk = Self { folder: tempfile::tempdir()?, url: url.to_owned() };
        desk.done(&format!("deploy --suri //Alice --salt {} {options}", desk.name()))?;
        desk.done(SAMPLES)?;
        Ok(desk)
    }

    /// A desk with a suite of its own.
    pub fn deployed() -> Result<Self> {
        let desk = Self::new()?;
        let deploy = format!("deploy --suri //Alice --salt {}", desk.name());
        assert_eq!(desk.done(&deploy)?["changed"], true);
        assert_eq!(desk.done(&deploy)?["changed"], false, "a second run changes nothing");
        desk.done(SAMPLES)?;
        Ok(desk)
    }

    /// A name that no other desk has.
    pub fn name(&self) -> &str {
        self.folder.path().file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// The node.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of samples: with a suite, dated by its chain.
    fn samples(&self) -> PathBuf {
        let own = self.file("samples");
        if own.is_dir() {
            own
        } else {
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
        }
    }

    /// A sample document.
    pub fn sample(&self, name: &str) -> Result<Value> {
        Ok(serde_json::from_slice(&std::fs::read(self.samples().join(name))?)?)
    }

    /// A file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The one deployment file.
    pub fn deployment(&self) -> Result<PathBuf> {
        Ok(std::fs::read_dir(self.file("deployments"))?.next().ok_or("there is a deployment file")??.path())
    }

    /// Runs `salus --json` with `arguments`, which are separated by blanks; `@` stands for the folder of samples. Returns the
    /// exit code and what it said.
    pub fn salus(&self, arguments: &str) -> Result<(i32, Value)> {
        let output = self.command(arguments)?.arg("--json").output()?;
        let said = String::from_utf8(output.stdout)?;
        let code = output.status.code().ok_or("it was killed")?;
        let said = serde_json::from_str(&said).map_err(|error| format!("{arguments}: {error}: {said}"))?;
        Ok((code, said))
    }

    /// As [`Desk::salus`], for what must succeed, in words.
    pub fn words(&self, arguments: &str) -> Result<String> {
        let output = self.command(arguments)?.output()?;
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// `salus` with `arguments`, as [`Desk::salus`] has them, and the desk's variables.
    pub fn command(&self, arguments: &str) -> Result<Command> {
        let samples = self.samples();
        let samples = samples.to_str().ok_or("a path that is text")?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_salus"));
        command
            .current_dir(self.folder.path())
            .args(arguments.split_whitespace().map(|argument| argument.replace('@', samples)))
            .env("SALUS_URL", &self.url)
            .env("SALUS_DIRECTORY", format!("{samples}/directory.json"))
            .env("SALUS_CONSORTIUM_KEY_FILE", "consortium.key")
            .env("SALUS_VAULT", "vault")
            .env_remove("SALUS_LINK")
            .env_remove("SALUS_RELEASE")
            .env_remove("SALUS_SURI")
            .env_remove("SALUS_RELATIONSHIP")
            .env_remove("SALUS_DEPLOYMENT");
        Ok(command)
    }

    /// As [`Desk::salus`], for what must succeed.
    pub fn done(&self, arguments: &str) -> Result<Value> {
        let (code, said) = self.salus(arguments)?;
        assert_eq!(code, 0, "{arguments}: {said}");
        Ok(said)
    }

    /// As [`Desk::salus`], for what must be refused.
    pub fn refused(&self, arguments: &str, exit: i32, code: &str) -> Result {
        let (actual, said) = self.salus(arguments)?;
        assert_eq!((actual, said["error"]["code"].as_str()), (exit, Some(code)), "{arguments}: {said}");
        for field in ["message", "nextStep"] {
            let text = said["error"][field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{arguments}: it does not say {field}: {said}");
        }
        Ok(())
    }

    /// The secret of somebody whom no other desk knows.
    pub fn secret(&self, who: &str) -> String {
        format!("//journey//{}//{who}", self.name())
    }

    /// The account of somebody of this desk.
    pub fn account(&self, who: &str) -> Result<String> {
        let key = salus_client::signer::from_suri(&self.secret(who))?;
        Ok(key.public_key().to_account_id().to_string())
    }

    /// Gives people of this desk their first tokens.
    pub fn endow(&self, people: &[&str]) -> Result {
        let accounts = people.iter().map(|who| Ok((self.account(who)?.parse()?, FUNDS))).collect::<Result<Vec<_>>>()?;
        let from = salus_client::signer::from_suri("//Ferdie")?;
        tokio::runtime::Runtime::new()?.block_on(async {
            let chain = salus_client::Chain::connect(&self.url).await?;
            chain.transfer_all(&from, &accounts).await
        })?;
        Ok(())
    }

    /// Writes a directory in which `Patient/rosa` and `Practitioner/adams` are these accounts; returns its file.
    pub fn directory(&self, file: &str, rosa: &str, adams: &str) -> Result<String> {
        let entries = json!({ "Patient/rosa": { "account": rosa }, "Practitioner/adams": { "account": adams } });
        std::fs::write(self.file(file), entries.to_string())?;
        Ok(file.to_owned())
    }

    /// Writes a consent of `Patient/rosa` that lets `Practitioner/adams` act for a purpose; returns its file.
    pub fn consent(&self, file: &str, status: &str, purpose: &str) -> Result<String> {
        let coded = |system: &str, code: &str| json!({ "system": system, "code": code });
        let recipient = coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PRCP");
        let rule = coded("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTOUT");
        let document = json!({
            "resourceType": "Consent",
            "status": status,
            "scope": { "coding": [coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")] },
            "category": [{ "coding": [coded("http://loinc.org", "59284-0")] }],
            "patient": { "reference": "Patient/rosa" },
            "policyRule": { "coding": [rule] },
            "provision": {
                "period": { "start": "2020-01-01", "end": "2098-12-31" },
                "provision": [{
                    "type": "permit",
                    "actor": [{
                        "role": { "coding": [recipient] },
                        "reference": { "reference": "Practitioner/adams" },
                    }],
                    "purpose": [coded("http://terminology.hl7.org/CodeSystem/v3-ActReason", purpose)],
                }],
            },
        });
        std::fs::write(self.file(file), document.to_string())?;
        Ok(file.to_owned())
    }
}

/// The values of a field of the objects in a list.
pub fn each(list: &Value, field: &str) -> Vec<Value> {
    list.as_array().into_iter().flatten().map(|one| one[field].clone()).collect()
}
