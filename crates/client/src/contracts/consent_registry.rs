use ink_primitives::AccountId;
use salus_domain::consent::Consent;
use salus_domain::evaluate::Evaluation;
use salus_domain::ids::{ConsentId, Hash};
use salus_domain::mandate::Mandate;
use salus_domain::request::Request;
use salus_interface::consent::{ConsentError, ConsentSummary, Done, Order, Place, RelayError, SignedOrder};

super::contract! {
    /// [`salus_interface::consent::ConsentRegistry`] on a chain.
    ConsentRegistry, errors ConsentError;
    messages {
        fn record(consent: &Consent) -> ConsentId;
        fn amend(id: ConsentId, consent: &Consent) -> u32;
        fn revoke(id: ConsentId) -> ();
        fn revoke_all() -> u32;
        fn propose(patient: AccountId, consent: &Consent) -> ();
        fn withdraw(patient: AccountId) -> ();
        fn accept(proposer: AccountId, proposal: Hash) -> ConsentId;
        fn reject(proposer: AccountId) -> ();
        fn name_proxy(proxy: AccountId, mandate: &Mandate) -> ();
        fn remove_proxy(patient: AccountId, proxy: AccountId) -> ();
        fn carry_out(orders: &[Order]) -> Vec<Done>;
        fn relay(place: &Place, orders: &[SignedOrder]) -> Vec<Result<Done, RelayError>>;
    }
    queries {
        fn decide(patient: AccountId, request: &Request) -> Evaluation;
        fn consent(patient: AccountId, id: ConsentId) -> Option<Consent>;
        fn in_force(patient: AccountId, from: ConsentId, limit: u32) -> Vec<ConsentSummary>;
        fn epoch(patient: AccountId) -> u32;
        fn proposal(patient: AccountId, proposer: AccountId) -> Option<Consent>;
        fn mandate(patient: AccountId, proxy: AccountId) -> Option<Mandate>;
        fn nonce(account: AccountId) -> u32;
        fn genesis() -> Hash;
    }
}
