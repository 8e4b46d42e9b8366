//! The second part of the story: sharing by a link, an emergency, a release service with its log, and erasure.

use super::cast::Cast;
use super::narrator::{Narrator, Outcome, Step};
use crate::operations::audits::{self, Proven};
use crate::operations::envelopes::Envelopes;
use crate::operations::links::Link;
use crate::operations::records::{self, Asked};
use crate::operations::shares::{self, Scope};
use crate::operations::{account_of, emergencies, Suite};
use anyhow::{ensure, Context};
use salus_client::{ink_account, Keypair};
use salus_domain::codes::{Action, Purpose};
use salus_domain::ids::RecordId;
use salus_domain::money::Amount;
use salus_domain::time::DAY;
use salus_interface::access::{EmergencyChanged, EmergencyGround, EmergencyState, Finding};
use salus_release::client::ReleaseClient;
use salus_release::{Config, LogMode, Server};
use std::path::Path;
use std::time::Duration;

/// What the surgeon states who breaks the glass.
const STATEMENT: &str = "Found unconscious, medication unknown";

/// What the second part goes on with.
pub struct Second<'a> {
    pub suite: &'a Suite,
    pub envelopes: &'a Envelopes,
    pub cast: &'a Cast,
    /// The folder of the vault.
    pub vault: &'a Path,
    /// The laboratory result, and the psychiatric score.
    pub records: (RecordId, RecordId),
}

/// Plays it.
pub async fn play(second: &Second<'_>, narrator: &mut Narrator) -> anyhow::Result<()> {
    second.link(narrator).await?;
    second.emergency(narrator).await?;
    second.release(narrator).await
}

impl Second<'_> {
    async fn link(&self, narrator: &mut Narrator) -> anyhow::Result<()> {
        let Self { suite, envelopes, cast, records: (result, _), .. } = self;
        let patient = account_of(&cast.patient);
        let scope = Scope::Records(vec![*result]);
        let found = shares::within(suite, &patient, &scope, |_| ()).await?;
        let terms: Vec<_> = found.iter().map(|one| one.known.terms).collect();
        let link = Link::generate(&suite.chain.genesis_hash(), patient).context("making a link")?;
        let until = suite.chain.now().await?.plus(DAY);
        let consent = shares::consent(&cast.patient, &link.account(), &scope, &terms, Purpose::Treat, until)?;
        let missing = shares::wrap(suite, envelopes, &cast.patient, &found, &link).await?;
        ensure!(missing.is_empty(), "the record that is shared is not in the vault");
        let recorded = suite.deployment.registry().record(&consent).submit(&suite.chain, &cast.patient).await?;
        narrator.tell(Step {
            step: 10,
            actor: "patient",
            action: "makes a link that shares the laboratory result for a day".into(),
            outcome: Outcome::Ok,
            reason: "one consent, for whoever redeems the link first; the result's key is wrapped for it".into(),
            evidence: Some(&recorded.evidence),
            event: Some("OrdersCarriedOut"),
        });
        let redeemed = shares::redeem(suite, &cast.surgeon, &link).await?;
        narrator.tell(Step {
            step: 10,
            actor: "surgeon",
            action: "redeems the link".into(),
            outcome: Outcome::Ok,
            reason: "a credentialed provider; the link works for nobody else from now on".into(),
            evidence: redeemed.as_ref(),
            event: Some("LinkRedeemed"),
        });
        let asked = Asked { record: *result, purpose: Purpose::Treat, action: Action::Access, link: Some(&link) };
        let (_, permit) = records::open(suite, envelopes, &cast.surgeon, asked).await?;
        narrator.tell(Step {
            step: 10,
            actor: "surgeon",
            action: "opens the laboratory result under the link".into(),
            outcome: Outcome::Permit,
            reason: "the consent for the link permits it; the content matches the commitment".into(),
            evidence: Some(&permit.evidence),
            event: Some("AccessDecided"),
        });
        Ok(())
    }

    async fn emergency(&self, narrator: &mut Narrator) -> anyhow::Result<()> {
        let Self { suite, envelopes, cast, records: (_, sensitive), .. } = self;
        let (chain, grants) = (&suite.chain, suite.deployment.grants());
        let (patient, surgeon) = (account_of(&cast.patient), account_of(&cast.surgeon));
        records::share(suite, envelopes, &cast.patient, *sensitive, &surgeon).await?;
        let Amount(bond) = grants.setup().read(chain).await?.emergency.bond;
        let statement = emergencies::committed(emergencies::salt(&cast.surgeon, &patient, STATEMENT), STATEMENT);
        let ground = EmergencyGround::UnableToConsent;
        let message = grants.break_glass(ink_account(&patient), ground, statement, Amount(bond));
        let broken = message.submit(chain, &cast.surgeon).await?;
        narrator.tell(Step {
            step: 11,
            actor: "surgeon",
            action: "breaks the glass: the patient cannot consent".into(),
            outcome: Outcome::Ok,
            reason: format!(
                "{} are at stake, the statement is committed to, and the patient is told",
                chain.token().show(bond)
            ),
            evidence: Some(&broken.evidence),
            event: Some("EmergencyChanged"),
        });
        let asked = Asked { record: *sensitive, purpose: Purpose::Btg, action: Action::Access, link: None };
        let (_, permit) = records::open(suite, envelopes, &cast.surgeon, asked).await?;
        narrator.tell(Step {
            step: 11,
            actor: "surgeon",
            action: "opens the psychiatric score, for the emergency".into(),
            outcome: Outcome::Permit,
            reason: "the emergency stands for consent, for a day".into(),
            evidence: Some(&permit.evidence),
            event: Some("AccessDecided"),
        });
        let disputed =
            grants.dispute(ink_account(&patient), ink_account(&surgeon)).submit(chain, &cast.patient).await?;
        narrator.tell(Step {
            step: 11,
            actor: "patient",
            action: "disputes the emergency".into(),
            outcome: Outcome::Ok,
            reason: "access is over at once".into(),
            evidence: Some(&disputed.evidence),
            event: Some("EmergencyChanged"),
        });
        let before = chain.balance(&patient).await?;
        let finding = Finding::Unjustified { suspend: false };
        let review = grants.review(ink_account(&surgeon), ink_account(&patient), finding);
        let reviewed = review.submit(chain, &cast.authority).await?;
        let state = reviewed.event::<EmergencyChanged>()?.emergency.state;
        let received = chain.balance(&patient).await?.saturating_sub(before);
        ensure!(state == EmergencyState::Unjustified && received == bond, "the bond went elsewhere: {received}");
        narrator.tell(Step {
            step: 11,
            actor: "authority",
            action: "reviews it, and finds it unjustified".into(),
            outcome: Outcome::Ok,
            reason: format!("the bond of {} is the patient's", chain.token().show(received)),
            evidence: Some(&reviewed.evidence),
            event: Some("EmergencyChanged"),
        });
        Ok(())
    }

    async fn release(&self, narrator: &mut Narrator) -> anyhow::Result<()> {
        let Self { suite, cast, records: (result, _), .. } = self;
        let server = self.server().await?;
        let url = format!("http://{}", server.address());
        let client = |account: &Keypair| ReleaseClient::new(&url, &suite.deployment, account.clone());
        let (patients, of_patient) = (client(&cast.patient)?, Envelopes::Service(Box::new(client(&cast.patient)?)));
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(server.run(async {
            // Dropping the other half ends it as well.
            let _ = ended.await;
        }));
        let asked = Asked { record: *result, purpose: Purpose::Patrqt, action: Action::Access, link: None };
        let (opened, permit) = records::open(suite, &of_patient, &cast.patient, asked).await?;
        let entry = opened.entry.context("the service wrote nothing down")?;
        narrator.tell(Step {
            step: 12,
            actor: "patient",
            action: "opens the laboratory result through the release service".into(),
            outcome: Outcome::Permit,
            reason: format!(
                "the permit is final; entry {} of the service's log, and then the key's envelope",
                entry.index
            ),
            evidence: Some(&permit.evidence),
            event: Some("AccessDecided"),
        });
        let proven = self.proven(&patients, entry.index).await?;
        ensure!(proven == Proven::Anchored, "the entry is not proven: {proven:?}");
        narrator.tell(Step {
            step: 12,
            actor: "patient",
            action: "checks the proof that the release is in the log".into(),
            outcome: Outcome::Ok,
            reason: "it leads to the root that the service anchored on the chain; the contract verifies it".into(),
            evidence: None,
            event: Some("RootAnchored"),
        });

        let erased = suite.deployment.grants().erase_record(*result).submit_final(&suite.chain, &cast.patient).await?;
        let destroyed = of_patient.destroy(suite, &cast.patient, *result).await?.context("nothing was destroyed")?;
        ensure!(destroyed.objects > 0, "the vault had nothing of the record");
        narrator.tell(Step {
            step: 12,
            actor: "patient",
            action: "erases the laboratory result".into(),
            outcome: Outcome::Ok,
            reason: format!(
                "on the chain first, then in the vault: {} objects, proof 0x{}…",
                destroyed.objects,
                hex::encode(&destroyed.digest[..4])
            ),
            evidence: Some(&erased.evidence),
            event: Some("RecordErased"),
        });
        drop(end);
        running.await.context("the release service ended badly")
    }

    async fn server(&self) -> anyhow::Result<Server> {
        let vault = url::Url::from_directory_path(std::path::absolute(self.vault)?);
        let vault = vault.map_err(|()| anyhow::anyhow!("the vault's folder has no name"))?;
        let log = self.vault.with_file_name("releases.log");
        let config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            vault: vault.into(),
            log,
            urls: vec![self.suite.chain.url().to_owned()],
            deployment: self.suite.deployment.clone(),
            account: self.cast.custodian.clone(),
            mode: LogMode::Batch { entries: 1, interval: Duration::from_secs(1) },
            // A development chain makes blocks of transactions only.
            max_head_age: None,
            rpc_timeout: Config::RPC_TIMEOUT,
            start_timeout: Config::START_TIMEOUT,
            concurrency: Config::CONCURRENCY,
        };
        Ok(Server::start(config).await?)
    }

    /// What proves an entry, once it is anchored.
    async fn proven(&self, client: &ReleaseClient, index: u64) -> anyhow::Result<Proven> {
        let Self { suite, cast, .. } = self;
        let (patient, log) = (account_of(&cast.patient), account_of(&cast.custodian));
        for _ in 0..100 {
            let page = client.entries_of(&patient, index).await?;
            let entry = page.entries.first().context("the log does not have the entry")?;
            if let Some(path) = &entry.proof {
                let known = audits::on_chain(suite, &log, |_| ()).await?;
                let path = path.iter().copied().map(Into::into).collect();
                let grants = suite.deployment.grants();
                let asked = grants.verify_inclusion(ink_account(&log), entry.leaf.into(), entry.index, path);
                ensure!(asked.read(&suite.chain).await?, "the contract does not verify the proof");
                return Ok(audits::proven(entry, &page, &known));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(Proven::NotYet)
    }
}
