//! The release contracts on a real node, driven by ink!'s own end-to-end framework: what is deployed is the Wasm of
//! `bundles/`, and what encodes messages and decodes answers is ink!'s, not our client.

mod node;
pub mod samples;

use ink::env::call::state::Salt;
use ink::env::call::utils::{EmptyArgumentList, ReturnType, Set, Unset};
use ink::env::call::{build_create, CreateBuilder, ExecutionInput, FromAccountId, LimitParamsV2, Selector};
use ink::env::{ContractEnv, DefaultEnvironment};
use ink::primitives::{AccountId, Hash};
use ink::scale::{Decode, Encode};
use ink_e2e::events::{ContractEmitted, EventWithTopics};
use ink_e2e::subxt::backend::legacy::LegacyRpcMethods;
use ink_e2e::{
    alice, CallBuilderFinal, ChainBackend, Client, ContractsBackend, InstantiateDryRunResult, Keypair, PolkadotConfig,
};
use node::Node;
use salus_domain::ids::{self, Account};
use salus_domain::money::Amount;
use salus_domain::time::Timestamp;
use salus_interface::access::{AccessError, AccessGrants, EmergencyTerms};
use salus_interface::claims::{Claims, ClaimsError};
use salus_interface::consent::{ConsentRegistry, Instruction, Order, Place, SignedOrder};
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Mutex;

/// One whole token of the development chain.
pub const UNIT: u128 = 1_000_000_000_000;

/// The consent registry, as ink! calls it.
pub type RegistryRef = ink::contract_ref!(ConsentRegistry, DefaultEnvironment);
/// Access grants, as ink! calls them.
pub type GrantsRef = ink::contract_ref!(AccessGrants, DefaultEnvironment);
/// Claims, as ink! calls them.
pub type ClaimsRef = ink::contract_ref!(Claims, DefaultEnvironment);

/// A constructor call, in the state in which the framework takes it.
pub type Create<Ref, Args, R> = CreateBuilder<
    DefaultEnvironment,
    Ref,
    Unset<Hash>,
    Set<LimitParamsV2<DefaultEnvironment>>,
    Unset<u128>,
    Set<ExecutionInput<Args>>,
    Unset<Salt>,
    Set<ReturnType<R>>,
>;

/// A message as a trait's call builder makes it.
pub type Message<Args, T> = CallBuilderFinal<DefaultEnvironment, Args, T>;

/// What a message that succeeded did.
pub struct Executed<T> {
    /// What it returned.
    pub value: T,
    emitted: Vec<EventWithTopics<ContractEmitted<DefaultEnvironment>>>,
}

impl<T> Executed<T> {
    /// The event of this type that the contract at `contract` emitted, by ink!'s signature topic.
    ///
    /// # Panics
    /// Where there is not exactly one.
    #[must_use]
    pub fn event<Event: ink::env::Event + Decode>(&self, contract: AccountId) -> Event {
        let signature = Event::SIGNATURE_TOPIC.expect("no event of ours is anonymous");
        let mut matching = self.emitted.iter().filter(|emitted| {
            emitted.event.contract == contract && emitted.topics.first().is_some_and(|topic| topic.0 == signature)
        });
        let only = matching.next().expect("the event was emitted");
        assert!(matching.next().is_none(), "and once");
        Event::decode(&mut only.event.data.as_slice()).expect("its data are its fields")
    }
}

/// A client of the shared node, and accounts and contracts that no other test uses.
pub struct World {
    client: Client<PolkadotConfig, DefaultEnvironment>,
    /// The consent registry's address.
    pub registry: AccountId,
    /// Access grants' address.
    pub grants: AccountId,
    /// Claims' address.
    pub claims: AccountId,
    /// Who deployed the three.
    pub governor: Keypair,
    /// The hash of the chain's genesis block.
    pub genesis: ids::Hash,
    // Last, so that the client goes first.
    _node: Arc<Node>,
}

impl World {
    /// Uploads and instantiates the three contracts.
    ///
    /// # Panics
    /// Where there is no node to start, or it refuses.
    pub async fn new() -> Self {
        let node = Node::shared().await;
        let wasm = ["consent_registry", "access_grants", "claims"].map(bundled);
        let rpc = node.connect().await;
        let genesis = LegacyRpcMethods::<PolkadotConfig>::new(rpc.clone()).genesis_hash().await;
        let genesis = ids::Hash(genesis.expect("the node knows its chain").0);
        let mut client = Client::new(rpc, wasm).await.expect("the node's metadata can be read");
        let governor = funded(&mut client).await;
        let nobody = AccountId::from([0; 32]);
        let mut world =
            Self { client, registry: nobody, grants: nobody, claims: nobody, governor, genesis, _node: node };
        world.registry = world.instantiate("consent_registry", new_registry(genesis)).await;
        world.grants = world.instantiate("access_grants", new_grants(world.registry)).await;
        world.claims = world.instantiate("claims", new_claims(world.registry, world.grants)).await;
        world
    }

    /// A new account with 1,000 tokens.
    pub async fn somebody(&mut self) -> Keypair {
        funded(&mut self.client).await
    }

    /// What an account could spend.
    ///
    /// # Panics
    /// Where the node does not say.
    pub async fn balance(&mut self, account: AccountId) -> u128 {
        self.client.free_balance(account).await.expect("the node knows balances")
    }

    /// Uploads code without instantiating it, and returns its hash.
    ///
    /// # Panics
    /// Where the node refuses.
    pub async fn upload(&mut self, contract: &str) -> [u8; 32] {
        self.client.upload(contract, &self.governor).submit().await.expect("the code is accepted").code_hash.into()
    }

    /// Tries a constructor, and returns what it answers.
    ///
    /// # Panics
    /// Where it does not get as far as answering.
    pub async fn try_new<Ref: Clone, Args, R>(
        &mut self,
        contract: &str,
        mut constructor: Create<Ref, Args, R>,
    ) -> InstantiateDryRunResult<DefaultEnvironment>
    where
        Args: Encode + Clone + Send + Sync,
    {
        self.client.instantiate(contract, &self.governor, &mut constructor).dry_run().await.expect("it answers")
    }

    /// Whether the chain instantiates the contract.
    pub async fn instantiates<Ref: Clone, Args, R>(
        &mut self,
        contract: &str,
        mut constructor: Create<Ref, Args, R>,
    ) -> bool
    where
        Args: Encode + Clone + Send + Sync,
    {
        self.client.instantiate(contract, &self.governor, &mut constructor).submit().await.is_ok()
    }

    async fn instantiate<Ref: Clone, Args, R>(&mut self, contract: &str, mut new: Create<Ref, Args, R>) -> AccountId
    where
        Args: Encode + Clone + Send + Sync,
    {
        let deployed = self.client.instantiate(contract, &self.governor, &mut new).submit().await;
        deployed.unwrap_or_else(|error| panic!("{contract}: {error}")).account_id
    }

    /// What a message answers, if nothing is changed.
    ///
    /// # Panics
    /// Where it does not get as far as answering.
    pub async fn read<Args, T>(&mut self, who: &Keypair, message: Message<Args, T>) -> T
    where
        Args: Encode + Clone + Sync,
        T: Decode + Send,
        Message<Args, T>: Clone,
    {
        self.client.call(who, &message).dry_run().await.expect("it answers").return_value()
    }

    /// Submits a message that must succeed.
    ///
    /// # Panics
    /// Where it does not.
    pub async fn run<Args, T, E>(&mut self, who: &Keypair, message: Message<Args, Result<T, E>>) -> Executed<T>
    where
        Args: Encode + Clone + Sync,
        T: Decode + Send,
        E: Decode + Debug + Send,
        Message<Args, Result<T, E>>: Clone,
    {
        self.pay(who, 0, message).await
    }

    /// Submits a message that must succeed, with a value.
    ///
    /// # Panics
    /// Where it does not.
    pub async fn pay<Args, T, E>(
        &mut self,
        who: &Keypair,
        value: u128,
        message: Message<Args, Result<T, E>>,
    ) -> Executed<T>
    where
        Args: Encode + Clone + Sync,
        T: Decode + Send,
        E: Decode + Debug + Send,
        Message<Args, Result<T, E>>: Clone,
    {
        let call = self.client.call(who, &message).value(value).submit().await.expect("it succeeds");
        let returned = call.message_result().expect("the contract knows the message");
        let value = returned.expect("the contract does not refuse");
        Executed { value, emitted: call.contract_emitted_events().expect("the node names its events") }
    }

    /// Submits a message that the contract must refuse: in the dry run with an error that is returned, on the chain by
    /// undoing everything.
    ///
    /// # Panics
    /// Where it succeeds.
    pub async fn refused<Args, T, E>(&mut self, who: &Keypair, message: Message<Args, Result<T, E>>) -> E
    where
        Args: Encode + Clone + Sync,
        T: Decode + Debug + Send,
        E: Decode + Send,
        Message<Args, Result<T, E>>: Clone,
    {
        let answer = self.client.call(who, &message).dry_run().await.expect("it answers").return_value();
        let error = answer.expect_err("the contract refuses");
        match self.client.call(who, &message).submit().await {
            Err(ink_e2e::Error::CallExtrinsic(_)) => error,
            Err(other) => panic!("it failed before it was on the chain: {other}"),
            Ok(_) => panic!("it was refused in the dry run only"),
        }
    }
}

/// An account as contracts know it.
#[must_use]
pub fn id(who: &Keypair) -> AccountId {
    AccountId::from(who.public_key().0)
}

/// An account as the domain knows it.
#[must_use]
pub fn account(who: &Keypair) -> Account {
    Account(who.public_key().0)
}

/// The registry's constructor.
#[must_use]
pub fn new_registry(genesis: ids::Hash) -> Create<RegistryRef, impl Encode + Clone + Send + Sync, RegistryRef> {
    build_create::<RegistryRef>().exec_input(new().push_arg(genesis)).returns::<RegistryRef>()
}

/// An order that a patient signs for itself, for ever.
#[must_use]
pub fn signed(patient: &Keypair, instruction: Instruction, nonce: u32, place: &Place) -> SignedOrder {
    let hash = |input: &[u8]| {
        let mut output = [0; 32];
        ink::env::hash_bytes::<ink::env::hash::Blake2x256>(input, &mut output);
        output
    };
    let order = Order { patient: id(patient), instruction };
    let mut signed = SignedOrder { order, proxy: None, nonce, deadline: Timestamp::MAX, signature: [0; 64] };
    signed.signature = patient.sign(&signed.signed_bytes(&hash, place)).0;
    signed
}

/// The constructor of access grants.
#[must_use]
pub fn new_grants(
    registry: AccountId,
) -> Create<GrantsRef, impl Encode + Clone + Send + Sync, Result<GrantsRef, AccessError>> {
    let terms = EmergencyTerms { bond: Amount(UNIT), access: 60_000, review: 120_000 };
    let input = new().push_arg(registry).push_arg(terms);
    build_create::<GrantsRef>().exec_input(input).returns::<Result<GrantsRef, AccessError>>()
}

/// The constructor of claims.
#[must_use]
pub fn new_claims(
    registry: AccountId,
    grants: AccountId,
) -> Create<ClaimsRef, impl Encode + Clone + Send + Sync, Result<ClaimsRef, ClaimsError>> {
    let input = new().push_arg(registry).push_arg(grants);
    build_create::<ClaimsRef>().exec_input(input).returns::<Result<ClaimsRef, ClaimsError>>()
}

/// The contracts keep their `…Ref` types, which have the constructors, to themselves; so this is what those would do.
fn new() -> ExecutionInput<EmptyArgumentList> {
    ExecutionInput::new(Selector::new(ink::selector_bytes!("new")))
}

/// The trait's call builder for a contract at an address.
#[must_use]
pub fn at<Ref>(address: AccountId) -> Ref
where
    Ref: ContractEnv<Env = DefaultEnvironment> + FromAccountId<DefaultEnvironment>,
{
    Ref::from_account_id(address)
}

/// The release Wasm, as it is committed.
fn bundled(contract: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../bundles").join(contract).with_extension("wasm")
}

/// The framework asks the chain for the payer's next nonce, so that two tests must not pay at the same time.
async fn funded(client: &mut Client<PolkadotConfig, DefaultEnvironment>) -> Keypair {
    static PAYING: Mutex<()> = Mutex::const_new(());
    let _paying = PAYING.lock().await;
    client.create_and_fund_account(&alice(), 1_000 * UNIT).await
}
