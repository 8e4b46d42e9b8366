//! Who plays in the story. Each run has accounts of its own, so that it can be played again on the same chain.

use crate::operations::account_of;
use anyhow::Context;
use salus_client::{signer, AccountId32, Chain, Keypair};
use salus_domain::ids::Account;
use salus_fhir::directory::Directory;

/// What each of the cast gets to start with, in whole tokens: for fees and deposits.
const ALLOWANCE: u128 = 100;
/// What the insurer gets, in whole tokens: the pool is funded from it.
const INSURER_ALLOWANCE: u128 = 2_000;

/// The cast. The keys are derived from Substrate's well-known development phrase: they protect nothing.
pub struct Cast {
    /// What tells this run's accounts from another's.
    pub run: String,
    pub authority: Keypair,
    pub doctor: Keypair,
    pub surgeon: Keypair,
    pub hospital: Keypair,
    pub institute: Keypair,
    pub patient: Keypair,
    pub insurer: Keypair,
    /// Who decides appeals.
    pub arbiter: Keypair,
    /// Who runs the release service.
    pub custodian: Keypair,
}

impl Cast {
    pub fn new() -> anyhow::Result<Self> {
        let run = hex::encode(random::<8>()?);
        let key = |role: &str| signer::from_suri(&suri(&run, role));
        Ok(Self {
            authority: key("authority")?,
            doctor: key("doctor")?,
            surgeon: key("surgeon")?,
            hospital: key("hospital")?,
            institute: key("institute")?,
            patient: key("patient")?,
            insurer: key("insurer")?,
            arbiter: key("arbiter")?,
            custodian: key("custodian")?,
            run,
        })
    }

    /// The secret URI of one of the cast.
    pub fn suri(&self, role: &str) -> String {
        suri(&self.run, role)
    }

    /// Gives everybody who signs something their first tokens.
    pub async fn fund(&self, chain: &Chain, funder: &Keypair) -> anyhow::Result<()> {
        let unit = 10u128.checked_pow(u32::from(chain.token().decimals)).context("the token has too many decimals")?;
        let allowances = [
            (&self.authority, ALLOWANCE),
            (&self.doctor, ALLOWANCE),
            (&self.surgeon, ALLOWANCE),
            (&self.custodian, ALLOWANCE),
            (&self.institute, ALLOWANCE),
            (&self.patient, ALLOWANCE),
            (&self.arbiter, ALLOWANCE),
            (&self.insurer, INSURER_ALLOWANCE),
        ];
        let to: Vec<_> = allowances.iter().map(|(who, tokens)| (account_of(who), tokens * unit)).collect();
        chain.transfer_all(funder, &to).await?;
        Ok(())
    }

    /// Who the references in the sample documents are.
    pub fn names(&self) -> [(&'static str, AccountId32); 5] {
        [
            ("Practitioner/dr-adams", account_of(&self.doctor)),
            ("Organization/mercy-hospital", account_of(&self.hospital)),
            ("Patient/rosa-marin", account_of(&self.patient)),
            ("Organization/unity-insurance", account_of(&self.insurer)),
            ("Organization/lab-institute", account_of(&self.institute)),
        ]
    }

    pub fn directory(&self) -> Directory {
        self.names().into_iter().map(|(name, account)| (name.to_owned(), Account(account.0))).collect()
    }

    pub fn directory_json(&self) -> anyhow::Result<String> {
        let entry = |(name, account): (&str, AccountId32)| (name.to_owned(), serde_json::json!({ "account": account }));
        let entries: serde_json::Map<_, _> = self.names().into_iter().map(entry).collect();
        Ok(serde_json::to_string_pretty(&entries)?)
    }
}

fn suri(run: &str, role: &str) -> String {
    format!("//salus-demo//{run}//{role}")
}

/// Random bytes of the operating system.
pub fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness from the operating system: {error}"))?;
    Ok(bytes)
}
