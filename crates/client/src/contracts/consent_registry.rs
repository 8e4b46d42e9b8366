use ink_primitives::AccountId;
use salus_domain::consent::Consent;
use salus_domain::evaluate::Evaluation;
use salus_domain::ids::ConsentId;
use salus_domain::request::Request;
use salus_interface::consent::{ConsentError, ConsentSummary};

super::contract! {
    /// [`salus_interface::consent::ConsentRegistry`] on a chain.
    ConsentRegistry, errors ConsentError;
    messages {
        fn record(consent: &Consent) -> ConsentId;
        fn amend(id: ConsentId, consent: &Consent) -> u32;
        fn revoke(id: ConsentId) -> ();
        fn revoke_all() -> u32;
    }
    queries {
        fn decide(patient: AccountId, request: &Request) -> Evaluation;
        fn consent(patient: AccountId, id: ConsentId) -> Option<Consent>;
        fn in_force(patient: AccountId, from: ConsentId, limit: u32) -> Vec<ConsentSummary>;
        fn epoch(patient: AccountId) -> u32;
    }
}
