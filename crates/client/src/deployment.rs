//! Deploying the suite, remembering where it is, and verifying that it is what it should be.
//!
//! Addresses follow from deployer, code, constructor arguments and salt. So a deployment that broke off is taken up
//! where it stopped, and one that is complete is left as it is.

use crate::bundle::{Bundle, Bundles};
use crate::chain::Chain;
use crate::contracts::{AccessGrants, Claims, ConsentRegistry};
use crate::dry_run::{self, Code, Ended};
use crate::error::ClientError;
use crate::message::{selector, weight_limit, Forecast};
use crate::rules::Rule;
use crate::submit;
use crate::{blake2b_256, ink_account};
use salus_domain::ids::Hash;
use salus_domain::money::Amount;
use salus_domain::time::DAY;
use salus_interface::access::{AccessError, EmergencyTerms};
use salus_interface::claims::ClaimsError;
use salus_interface::consent::ConsentError;
use scale::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::path::Path;
use subxt::utils::{AccountId32, H256};
use subxt_signer::sr25519::Keypair;

/// The largest deployment file that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// Where a suite is: what `deployments/<network>.json` holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deployment {
    /// What the chain calls itself.
    pub network: String,
    /// The hash of its genesis block, in hex with `0x`.
    pub genesis_hash: String,
    /// Who deployed, in SS58.
    pub deployer: AccountId32,
    /// The number of the block from which on the suite was there: where reading events begins.
    pub block: u64,
    /// The consent registry.
    pub consent_registry: Deployed,
    /// Access grants.
    pub access_grants: Deployed,
    /// Claims.
    pub claims: Deployed,
}

/// Where one contract is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deployed {
    /// Its address, in SS58.
    pub address: AccountId32,
    /// The BLAKE2b-256 hash of its code, in hex with `0x`.
    pub code_hash: String,
    /// The SHA-256 digest of the bundle that it was deployed from, in hex.
    pub bundle_sha256: String,
}

/// Why a deployment, its file or its verification failed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The file cannot be read or written.
    #[error("the deployment file {0} cannot be used: {1}\n  next: deploy first (`salus deploy`), or name it with --deployment")]
    File(String, String),
    /// The file is not a deployment file.
    #[error("{0} is not a deployment file: {1}")]
    NotADeployment(String, String),
    /// The file is about another chain.
    #[error("the deployment file is about another chain (genesis {expected}); the node's is {actual}\n  next: check --url, or name the file of this chain with --deployment")]
    OtherChain {
        /// What the file says.
        expected: String,
        /// What the node says.
        actual: String,
    },
    /// A constructor refused.
    #[error("{contract} cannot be instantiated: {rule}")]
    Constructor {
        /// Which contract.
        contract: String,
        /// Why.
        rule: String,
    },
    /// It did not come to that.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl Deployment {
    /// Reads a deployment file.
    ///
    /// # Errors
    /// [`DeployError::File`], [`DeployError::NotADeployment`].
    pub fn read(file: &Path) -> Result<Self, DeployError> {
        let name = file.display().to_string();
        let unreadable = |reason: String| DeployError::File(name.clone(), reason);
        let size = std::fs::metadata(file).map_err(|error| unreadable(error.to_string()))?.len();
        if size > MAX_FILE {
            return Err(unreadable(format!("it is larger than {MAX_FILE} bytes")));
        }
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| DeployError::NotADeployment(name, error.to_string()))
    }

    /// Writes a deployment file: all of it or nothing.
    ///
    /// # Errors
    /// [`DeployError::File`].
    pub fn write(&self, file: &Path) -> Result<(), DeployError> {
        let failed = |reason: String| DeployError::File(file.display().to_string(), reason);
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(error.to_string()))?;
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        }
        let unfinished = file.with_extension(format!("json.{}", std::process::id()));
        std::fs::write(&unfinished, text + "\n").map_err(|error| failed(error.to_string()))?;
        std::fs::rename(&unfinished, file).map_err(|error| failed(error.to_string()))
    }

    /// Fails where the deployment is of another chain than the one that is connected.
    ///
    /// # Errors
    /// [`DeployError::OtherChain`].
    pub fn ensure_of(&self, chain: &Chain) -> Result<(), DeployError> {
        let actual = hex0x(&chain.genesis_hash());
        if self.genesis_hash == actual {
            Ok(())
        } else {
            Err(DeployError::OtherChain { expected: self.genesis_hash.clone(), actual })
        }
    }

    /// The consent registry's client.
    #[must_use]
    pub fn registry(&self) -> ConsentRegistry {
        ConsentRegistry::at(self.consent_registry.address)
    }

    /// Access grants' client.
    #[must_use]
    pub fn grants(&self) -> AccessGrants {
        AccessGrants::at(self.access_grants.address)
    }

    /// Claims' client.
    #[must_use]
    pub fn claims(&self) -> Claims {
        Claims::at(self.claims.address)
    }
}

/// One contract of a deployment as it is carried out.
#[derive(Clone, Debug)]
pub struct Step {
    /// The contract's name.
    pub contract: String,
    /// Its address.
    pub address: AccountId32,
    /// What was done.
    pub outcome: Outcome,
}

/// What a step of a deployment did.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The contract was there already.
    Unchanged,
    /// It was instantiated.
    Instantiated(crate::Evidence),
    /// It would be instantiated, at this cost; `None` where that cannot be told before another contract is there.
    Planned(Option<Forecast<()>>),
}

/// Whether a deployment is carried out or only priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Carry it out.
    DeployNow,
    /// Only say what would be done. A contract that needs an address which is not there yet cannot be dry-run.
    DryRun,
}

/// What an emergency costs and allows, unless a deployer says otherwise: 10 tokens of 12 decimals, a day, a week.
pub const EMERGENCY_TERMS: EmergencyTerms =
    EmergencyTerms { bond: Amount(10_000_000_000_000), access: DAY, review: 7 * DAY };

/// Deploys the suite, or what of it is missing. `salt` tells apart several suites of the same deployer. `told` is
/// called after each contract.
///
/// # Errors
/// [`DeployError`]. What was instantiated before stays, and is found by the next run.
pub async fn deploy(
    chain: &Chain,
    signer: &Keypair,
    bundles: &Bundles,
    salt: &[u8],
    emergency: EmergencyTerms,
    mode: Mode,
    mut told: impl FnMut(&Step),
) -> Result<Deployment, DeployError> {
    let started = chain.block_number().await?;
    let deployer = Deployer { chain, signer, salt, mode };
    // A contract cannot look it up; it tells signatures for this chain from those for others.
    let genesis = Hash(chain.genesis_hash());
    let registry = deployer.ensure::<ConsentError>(&bundles.consent_registry, &genesis).await?;
    told(&registry);
    let registry_id = ink_account(&registry.address);
    let grants = deployer.ensure::<AccessError>(&bundles.access_grants, &(registry_id, emergency)).await?;
    told(&grants);
    let grants_id = ink_account(&grants.address);
    let claims = deployer.ensure::<ClaimsError>(&bundles.claims, &(registry_id, grants_id)).await?;
    told(&claims);
    let deployed = |step: &Step, bundle: &Bundle| Deployed {
        address: step.address,
        code_hash: hex0x(&bundle.code_hash),
        bundle_sha256: hex::encode(bundle.sha256),
    };
    Ok(Deployment {
        network: chain.name().to_owned(),
        genesis_hash: hex0x(&chain.genesis_hash()),
        deployer: signer.public_key().to_account_id(),
        block: started,
        consent_registry: deployed(&registry, &bundles.consent_registry),
        access_grants: deployed(&grants, &bundles.access_grants),
        claims: deployed(&claims, &bundles.claims),
    })
}

/// Instantiates a contract beside the suite, unless it is there already, by its constructor `new`. `arguments` is a tuple.
///
/// # Errors
/// [`DeployError`]; `E` is what the constructor refuses with.
pub async fn instantiate<E: Decode + Rule>(
    chain: &Chain,
    signer: &Keypair,
    bundle: &Bundle,
    arguments: &impl Encode,
    salt: &[u8],
) -> Result<AccountId32, DeployError> {
    let deployer = Deployer { chain, signer, salt, mode: Mode::DeployNow };
    Ok(deployer.ensure::<E>(bundle, arguments).await?.address)
}

struct Deployer<'a> {
    chain: &'a Chain,
    signer: &'a Keypair,
    salt: &'a [u8],
    mode: Mode,
}

impl Deployer<'_> {
    async fn ensure<E: Decode + Rule>(&self, bundle: &Bundle, arguments: &impl Encode) -> Result<Step, DeployError> {
        let input = (selector("new"), arguments).encode();
        let origin = self.signer.public_key().to_account_id();
        let address = contract_address(&origin, &bundle.code_hash, &input, self.salt);
        let step = |outcome| Step { contract: bundle.name.clone(), address, outcome };
        if self.chain.code_hash(&address).await? == Some(bundle.code_hash) {
            return Ok(step(Outcome::Unchanged));
        }
        let at = self.chain.best().await?;
        let code = Code::Upload(&bundle.code);
        let run = dry_run::instantiate(&at, &origin, &code, &input, self.salt).await?;
        let returned = match run.ended {
            Ended::Returned((returned, _)) => returned,
            Ended::Failed(reason) if dry_run::is_about_funds(&reason) => {
                let free = self.chain.token().show(self.chain.balance(&origin).await?);
                let needed = "the storage deposit and the fee".to_owned();
                return Err(ClientError::NoFunds { account: origin.to_string(), free, needed }.into());
            }
            Ended::Failed(reason) => return Err(ClientError::Dispatch(reason).into()),
        };
        if returned.reverted() {
            // The constructor's own refusal; in a dry run of a whole suite also that an address is not there yet.
            if self.mode == Mode::DryRun {
                return Ok(step(Outcome::Planned(None)));
            }
            let rule = match crate::message::decode::<Result<(), E>>(&returned.data, &address, "new")? {
                Err(error) => error.rule(),
                Ok(()) => "it gave no reason".to_owned(),
            };
            return Err(DeployError::Constructor { contract: bundle.name.clone(), rule });
        }
        let arguments =
            (0u128, weight_limit(run.cost), None::<u128>, bundle.code.clone(), input.clone(), self.salt.to_vec());
        let call = subxt::dynamic::transaction("Contracts", "instantiate_with_code", arguments);
        if self.mode == Mode::DryRun {
            let fee = submit::fee(self.chain, &call, self.signer).await?;
            return Ok(step(Outcome::Planned(Some(Forecast { value: (), cost: run.cost, fee }))));
        }
        let in_pool = submit::submit(self.chain, call, self.signer).await?;
        let included = in_pool.included(false).await.map_err(ClientError::from)?;
        if !included.instantiated.contains(&address.0) {
            return Err(ClientError::NoEvent("Instantiated").into());
        }
        Ok(step(Outcome::Instantiated(included.evidence)))
    }
}

/// The address that pallet-contracts gives a contract.
fn contract_address(deployer: &AccountId32, code_hash: &[u8; 32], input: &[u8], salt: &[u8]) -> AccountId32 {
    AccountId32(blake2b_256(&(b"contract_addr_v1", deployer, H256(*code_hash), input, salt).encode()))
}

/// What verifying found of one contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The contract's name.
    pub contract: String,
    /// Its address.
    pub address: AccountId32,
    /// Whether all is as it should be.
    pub verified: bool,
    /// What is not.
    pub problems: Vec<String>,
}

/// Compares what is on the chain with the bundles, and how the contracts are wired with the deployment.
///
/// # Errors
/// [`DeployError::OtherChain`], [`DeployError::Client`]. A difference is not an error but a [`Finding`].
pub async fn verify(chain: &Chain, deployment: &Deployment, bundles: &Bundles) -> Result<Vec<Finding>, DeployError> {
    deployment.ensure_of(chain)?;
    let registry = ink_account(&deployment.consent_registry.address);
    let grants = ink_account(&deployment.access_grants.address);
    let mut findings = Vec::new();
    for (deployed, bundle) in [
        (&deployment.consent_registry, &bundles.consent_registry),
        (&deployment.access_grants, &bundles.access_grants),
        (&deployment.claims, &bundles.claims),
    ] {
        let mut problems = Vec::new();
        match chain.code_hash(&deployed.address).await? {
            None => problems.push("there is no contract at the address".to_owned()),
            Some(hash) if hash != bundle.code_hash => {
                problems.push(format!("its code is {}, the bundle's is {}", hex0x(&hash), hex0x(&bundle.code_hash)))
            }
            Some(_) => {}
        }
        if deployed.code_hash != hex0x(&bundle.code_hash) {
            problems.push("the deployment file names other code than the bundle has".to_owned());
        }
        if deployed.bundle_sha256 != hex::encode(bundle.sha256) {
            problems.push("it was deployed from another bundle file".to_owned());
        }
        let (contract, address) = (bundle.name.clone(), deployed.address);
        findings.push(Finding { contract, address, verified: problems.is_empty(), problems });
    }
    if let [first, second, third] = findings.as_mut_slice() {
        if first.verified && deployment.registry().genesis().read(chain).await? != Hash(chain.genesis_hash()) {
            first.add("it takes signatures for another chain");
        }
        if first.verified
            && second.verified
            && deployment.grants().setup().read(chain).await?.consent_registry != registry
        {
            second.add("it asks another consent registry");
        }
        if third.verified {
            let (asked_registry, asked_grants) = deployment.claims().setup().read(chain).await?;
            if asked_registry != registry {
                third.add("it asks another consent registry");
            }
            if asked_grants != grants {
                third.add("it asks other access grants");
            }
        }
    }
    Ok(findings)
}

impl Finding {
    fn add(&mut self, problem: &str) {
        self.verified = false;
        self.problems.push(problem.to_owned());
    }
}

fn hex0x(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
