use ink_primitives::AccountId;
use salus_domain::codes::{Action, Purpose, RoleSet};
use salus_domain::ids::RecordId;
use salus_domain::request::Principal;
use salus_domain::time::Timestamp;
use salus_interface::access::{AccessDecision, AccessError, Credential, Record, RecordTerms};

super::contract! {
    /// [`salus_interface::access::AccessGrants`] on a chain.
    AccessGrants, errors AccessError;
    messages {
        fn add_authority(authority: AccountId) -> ();
        fn remove_authority(authority: AccountId) -> ();
        fn credential(provider: AccountId, organisation: AccountId, roles: RoleSet, valid_until: Timestamp) -> ();
        fn suspend(provider: AccountId, organisation: AccountId, suspended: bool) -> ();
        fn publish_key(key: [u8; 32]) -> ();
        fn register_record(patient: AccountId, record: RecordTerms) -> RecordId;
        fn amend_record(record: RecordId, terms: RecordTerms) -> u32;
        fn request_access(record: RecordId, purpose: Purpose, action: Action) -> AccessDecision;
    }
    queries {
        fn principal(account: AccountId) -> Option<Principal>;
        fn credentials(account: AccountId) -> Vec<Credential>;
        fn encryption_key(account: AccountId) -> Option<[u8; 32]>;
        fn record(record: RecordId) -> Option<Record>;
        fn is_authority(account: AccountId) -> bool;
        fn governor() -> AccountId;
        fn consent_registry() -> AccountId;
    }
}
