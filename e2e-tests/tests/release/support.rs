//! A record in a vault, a release service in front of it, and nodes that can be stopped.

use salus_audit::LogError;
use salus_client::{blake2b_256, signer, Keypair};
use salus_domain::codes::{Action, Purpose};
use salus_domain::ids::{ConsentId, Hash, RecordId};
use salus_e2e_tests::samples::{self, for_treatment, UNIT};
use salus_e2e_tests::{account, Result, World};
use salus_interface::access::{AccessDecided, RecordTerms};
use salus_release::client::{Release, ReleaseClient};
use salus_release::request::{Asked, Proof, Target};
use salus_release::wire::PermitPlace;
use salus_release::{serve, Config, JournalError, LogMode, StartError};
use salus_vault::{commit, EncryptionKeyPair, RecordRef, Vault};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Stands in the record, and nowhere else.
pub const CONTENT: &[u8] = b"PLAINTEXT-MARKER haemoglobin 4.1 g/dL";
/// The root is anchored when the service ends.
pub const AT_THE_END: LogMode = LogMode::Batch { entries: 1_000, interval: Duration::from_secs(600) };
/// How long anything is waited for.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The doctor may read a record of the patient's, which is in the vault for both of them.
#[allow(dead_code)] // Each of the two test programs uses a part.
pub struct Scene {
    pub world: World,
    pub folder: tempfile::TempDir,
    pub vault: Vault,
    pub doctor_key: EncryptionKeyPair,
    pub patient_key: EncryptionKeyPair,
    pub record: RecordId,
    pub place: RecordRef,
    pub consent: ConsentId,
    /// The secret URI of the service's account.
    pub suri: String,
    pub service: Keypair,
}

impl Scene {
    pub async fn new() -> Result<Self> {
        Self::in_world(World::new().await?).await
    }

    pub async fn in_world(world: World) -> Result<Self> {
        world.establish().await?;
        let consent = world.consents(&for_treatment(&world.doctor)).await?;
        let (doctor_key, patient_key) = (EncryptionKeyPair::generate()?, EncryptionKeyPair::generate()?);
        for (who, key) in [(&world.doctor, &doctor_key), (&world.patient, &patient_key)] {
            world.run(who, world.grants.publish_key(*key.public_key().as_bytes())).await?;
        }
        let folder = tempfile::tempdir()?;
        let vault = Vault::local(folder.path().join("vault"))?;
        let salt = [9; 32];
        let terms = RecordTerms { commitment: Hash(commit(&salt, CONTENT)), ..samples::record(1) };
        let record = world.registers(terms).await?;
        let place = RecordRef { record: record.0.into(), version: 1 };
        let recipients = [doctor_key.public_key(), patient_key.public_key()];
        vault.seal(place, "text/plain", CONTENT, &salt, &recipients).await?;
        // The deployer's account is of this world alone.
        let suri = format!("//release//{}", world.deployment.deployer);
        let service = signer::from_suri(&suri)?;
        world.raw.endow(&[account(&service)], 100 * UNIT).await?;
        Ok(Self { world, folder, vault, doctor_key, patient_key, record, place, consent, suri, service })
    }

    pub fn config(&self, mode: LogMode) -> Config {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            vault: format!("file://{}", self.folder.path().join("vault").display()),
            log: self.folder.path().join("releases.log"),
            urls: vec![self.world.chain.url().to_owned()],
            deployment: self.world.deployment.clone(),
            account: self.service.clone(),
            mode,
            max_head_age: None,
            rpc_timeout: Config::RPC_TIMEOUT,
            start_timeout: Config::START_TIMEOUT,
            concurrency: Config::CONCURRENCY,
        }
    }

    /// Waits until a block is final.
    pub async fn until_final(&self, block: u64) -> Result {
        let deadline = Instant::now() + PATIENCE;
        while self.world.chain.finalised_block_number().await? < block {
            if Instant::now() > deadline {
                return Err(format!("block {block} never becomes final").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Waits until all that is in a block now is final.
    pub async fn until_all_final(&self) -> Result {
        self.until_final(self.world.chain.block_number().await?).await
    }

    /// Somebody asks to be let in; where the decision stands, once that is final.
    pub async fn decided(&self, who: &Keypair) -> Result<PermitPlace> {
        let request = self.world.grants.request_access(self.record, Purpose::Treat, Action::Access, None);
        let done = self.world.run(who, request).await?;
        let event = done.events.iter().find(|event| event.decode::<AccessDecided>().is_some()).ok_or("no decision")?;
        let place = PermitPlace { block: done.evidence.block, event: event.index };
        self.until_final(place.block).await?;
        Ok(place)
    }

    pub fn client(&self, running: &Running, who: &Keypair) -> Result<ReleaseClient> {
        Ok(ReleaseClient::new(&running.url(), &self.world.deployment, who.clone())?)
    }

    /// The doctor collects version 1.
    pub async fn collect(
        &self,
        running: &Running,
        permit: PermitPlace,
    ) -> Result<std::result::Result<Release, (String, Option<String>)>> {
        self.collect_as(running, &self.world.doctor, permit).await
    }

    /// Somebody collects version 1; or the name of the rejection, and that of the contract's refusal.
    pub async fn collect_as(
        &self,
        running: &Running,
        who: &Keypair,
        permit: PermitPlace,
    ) -> Result<std::result::Result<Release, (String, Option<String>)>> {
        use salus_release::client::ReleaseError;
        match self.client(running, who)?.release(self.record, 1, permit, None).await {
            Ok(release) => Ok(Ok(release)),
            Err(ReleaseError::Refused(problem)) => Ok(Err((problem.code, problem.refusal))),
            Err(error) => Err(error.into()),
        }
    }

    pub fn target(&self) -> Target {
        let access_grants = salus_client::domain_account(&self.world.deployment.access_grants.address);
        Target { genesis: Hash(self.world.chain.genesis_hash()), access_grants }
    }

    /// A signed request for the record, ready to be sent.
    pub fn signed(&self, who: &Keypair, permit: PermitPlace) -> Result<(Proof, Vec<u8>)> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let body = serde_json::json!({ "record": hex::encode(self.record.0), "version": 1, "permit": permit });
        let body = serde_json::to_vec(&body)?;
        let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        let mut nonce = [0; 16];
        let seed = (NUMBER.fetch_add(1, Ordering::Relaxed), std::process::id());
        nonce.copy_from_slice(&blake2b_256(format!("{seed:?}").as_bytes())[..16]);
        let asked = Asked { method: "POST", path_and_query: "/v1/releases", body: &body };
        Ok((Proof::sign(who, &self.target(), &asked, salus_domain::time::Timestamp(now), nonce), body))
    }
}

/// Sends a request as it is. The status, and the body.
pub async fn send(url: &str, proof: &Proof, body: &[u8]) -> Result<(u16, serde_json::Value)> {
    let request = reqwest::Client::builder().no_proxy().build()?.post(format!("{url}/v1/releases"));
    let response = request.header("authorization", proof.header()).body(body.to_vec()).send().await?;
    let status = response.status().as_u16();
    Ok((status, serde_json::from_slice(&response.bytes().await?)?))
}

/// A service in this process.
pub struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::result::Result<(), StartError>>,
}

impl Running {
    /// Starts a service. A process that another test is just starting has the log's file as well until it is on its own,
    /// and with it the lock of a service that has ended.
    pub async fn start(config: Config) -> std::result::Result<Self, StartError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Self::start_now(config.clone()).await {
                Err(StartError::Log(JournalError::Log(LogError::Locked))) if Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                started => return started,
            }
        }
    }

    async fn start_now(config: Config) -> std::result::Result<Self, StartError> {
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = oneshot::channel();
        let listening = move |address| {
            let _ = tell.send(address);
        };
        let shutdown = async {
            let _ = stopped.await;
        };
        let task = tokio::spawn(serve(config, listening, shutdown));
        match told.await {
            Ok(address) => Ok(Self { address, stop, task }),
            Err(_) => match task.await {
                Ok(Err(error)) => Err(error),
                _ => Err(StartError::Ending),
            },
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it in order.
    pub async fn stop(self) -> Result {
        let _ = self.stop.send(());
        Ok(self.task.await??)
    }
}
