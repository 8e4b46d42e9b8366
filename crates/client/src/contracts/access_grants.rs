use ink_primitives::AccountId;
use salus_domain::codes::{Action, Purpose, RoleSet};
use salus_domain::ids::{Hash, RecordId};
use salus_domain::request::Principal;
use salus_domain::time::Timestamp;
use salus_interface::access::{
    AccessDecision, AccessError, Agreement, Condition, Emergency, EmergencyGround, Finding, Log, Record, RecordTerms,
    Redemption, Release, Setup, Side, Vouched,
};

super::contract! {
    /// [`salus_interface::access`] on a chain.
    AccessGrants, errors AccessError;
    messages {
        fn add_authority(authority: AccountId) -> ();
        fn remove_authority(authority: AccountId) -> ();
        fn accredit(organisation: AccountId, roles: RoleSet, valid_until: Timestamp, suspended: bool) -> ();
        fn credential(provider: AccountId, organisation: AccountId, roles: RoleSet, valid_until: Timestamp) -> ();
        fn suspend(provider: AccountId, organisation: AccountId, suspended: bool) -> ();
        fn publish_key(key: [u8; 32]) -> ();
        fn revoke_key() -> ();
        fn register_record(patient: AccountId, record: RecordTerms) -> RecordId;
        fn amend_record(record: RecordId, terms: RecordTerms) -> u32;
        fn erase_record(record: RecordId) -> ();
        fn set_condition(record: RecordId, condition: Option<Condition>) -> ();
        fn set_agreement(record: RecordId, accessor: AccountId, agreement: Option<Agreement>) -> ();
        fn redeem(link: AccountId, key: [u8; 32], signature: [u8; 64]) -> ();
        fn request_access(
            record: RecordId, purpose: Purpose, action: Action, link: Option<AccountId>
        ) -> AccessDecision;
        #[pays bond]
        fn break_glass(patient: AccountId, ground: EmergencyGround, statement: Hash) -> ();
        fn dispute(patient: AccountId, provider: AccountId) -> ();
        fn review(provider: AccountId, patient: AccountId, finding: Finding) -> ();
        fn forfeit(provider: AccountId, patient: AccountId) -> ();
        fn anchor(size: u64, root: Hash, proof: Vec<Hash>) -> ();
        fn log_release(number: u64, release: Release) -> ();
    }
    queries {
        fn may_access(
            accessor: AccountId, record: RecordId, purpose: Purpose, action: Action, link: Option<AccountId>
        ) -> Result<AccessDecision, AccessError>;
        fn principal(account: AccountId) -> Option<Principal>;
        fn encryption_key(account: AccountId) -> Option<[u8; 32]>;
        fn record(record: RecordId) -> Option<Record>;
        fn condition(record: RecordId, side: Side) -> Option<Condition>;
        fn redemption(link: AccountId) -> Option<Redemption>;
        fn emergency(provider: AccountId, patient: AccountId) -> Option<Emergency>;
        fn vouched(account: AccountId) -> Vouched;
        fn log(account: AccountId) -> Log;
        fn setup() -> Setup;
        fn verify_inclusion(log: AccountId, leaf: Hash, index: u64, proof: Vec<Hash>) -> bool;
    }
}
