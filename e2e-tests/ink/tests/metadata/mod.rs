//! What the bundles' metadata say, next to what ink!'s call builders encode.

use ink::codegen::TraitCallBuilder;
use ink::primitives::AccountId;
use ink::scale::Encode;
use ink_e2e::sr25519::dev::bob;
use salus_domain::codes::{Action, Network, Power, Purpose, ReasonSet, Role, Unit};
use salus_domain::consent::Actor;
use salus_domain::ids::{Account, ClaimId, CodeTag, ConsentId, Hash, PlanId, RecordId};
use salus_domain::mandate::Mandate;
use salus_domain::money::Amount;
use salus_domain::time::{Period, Timestamp};
use salus_ink_e2e::samples::{consent, record, request, submission, terms};
use salus_ink_e2e::{at, ClaimsRef, GrantsRef, RegistryRef};
use salus_interface::access::{AccessGrants, EmergencyGround, Finding, Release, Side};
use salus_interface::claims::{self, Asset, Claims, Filing, Procedure, Ruling, Since};
use salus_interface::consent::{ConsentRegistry, Place};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The committed metadata of a contract.
pub fn read(contract: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bundles");
    let json = std::fs::read(folder.join(contract).with_extension("json")).expect("the bundle is there");
    serde_json::from_slice(&json).expect("the metadata are JSON")
}

/// The name and the selector of each message. The metadata put a trait's name before the message's.
fn named(contract: &str) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let metadata = read(contract);
    let messages = metadata["spec"]["messages"].as_array().expect("a list of messages");
    let message = |message: &Value| {
        let label = text(&message["label"]);
        (label.rsplit("::").next().expect("a name").to_owned(), text(&message["selector"]))
    };
    messages.iter().map(message).collect()
}

/// The name and the first four bytes of each call, as the trait's call builder encodes it.
macro_rules! encoded {
    ($contract:expr; $($message:ident($($argument:expr),*)),+ $(,)?) => {
        BTreeMap::from([$({
            let input = $contract.call_mut().$message($($argument),*).params().exec_input().encode();
            let selector: String = input[..4].iter().map(|byte| format!("{byte:02x}")).collect();
            (stringify!($message).to_owned(), format!("0x{selector}"))
        }),+])
    };
}

/// Every message of all three contracts: none is missing on either side.
pub fn ensure_selectors() {
    let nobody = AccountId::from([0; 32]);
    let (who, hash, plan, claim, zero) = (bob(), Hash([0; 32]), PlanId(0), ClaimId([0; 32]), Amount::ZERO);
    let (mut registry, mut grants, mut payer): (RegistryRef, GrantsRef, ClaimsRef) =
        (at(nobody), at(nobody), at(nobody));
    let text = consent(Actor::Account(Account([0; 32])), Purpose::Treat);
    let first = ConsentId(0);
    let mandate = Mandate { powers: Power::Record.into(), period: Period::ALWAYS };
    let place = Place { genesis: hash, contract: nobody };

    let calls = encoded![registry;
        record(text.clone()), amend(first, text.clone()), revoke(first), revoke_all(),
        propose(nobody, text.clone()), withdraw(nobody), accept(nobody, hash), reject(nobody),
        name_proxy(nobody, mandate), remove_proxy(nobody, nobody), carry_out(Vec::new()), relay(place, Vec::new()),
        decide(nobody, request(&who, Role::Doctor)), consent(nobody, first), in_force(nobody, first, 1), epoch(nobody),
        proposal(nobody, nobody), mandate(nobody, nobody), nonce(nobody), genesis(),
    ];
    assert_eq!(calls, named("consent_registry"));

    let document = RecordId([0; 32]);
    let calls = encoded![grants;
        add_authority(nobody), remove_authority(nobody), accredit(nobody, Role::Doctor.into(), Timestamp::MAX, false),
        credential(nobody, nobody, Role::Doctor.into(), Timestamp::MAX),
        suspend(nobody, nobody, true), publish_key([9; 32]), revoke_key(), register_record(nobody, record()),
        amend_record(document, record()), erase_record(document), set_condition(document, None),
        set_agreement(document, nobody, None),
        redeem(nobody, [9; 32], [0; 64]), request_access(document, Purpose::Treat, Action::Access, None),
        may_access(nobody, document, Purpose::Treat, Action::Access, None),
        break_glass(nobody, EmergencyGround::ThreatToPatient, hash), dispute(nobody, nobody),
        review(nobody, nobody, Finding::Justified), forfeit(nobody, nobody), anchor(0, hash, Vec::new()),
        log_release(0, release(document, nobody)), principal(nobody), vouched(nobody),
        encryption_key(nobody), record(document), condition(document, Side::Patient),
        redemption(nobody), emergency(nobody, nobody), log(nobody), verify_inclusion(nobody, hash, 0, Vec::new()), setup(),
    ];
    assert_eq!(calls, named("access_grants"));

    let code = CodeTag([0; 16]);
    let claimed = submission(plan, &who, Timestamp::MIN, zero);
    let filing =
        Filing { submission: claimed.clone(), network: Network::In, held: 0, filed: Timestamp(0), lines: Vec::new() };
    let procedure = Procedure { plan, member: nobody, provider: nobody, code };
    let place = claims::Place { unit: Unit::Individual, account: nobody, term: Since::Lifetime };
    let calls = encoded![payer;
        open_plan(Asset::Native.into(), nobody.into(), 1, terms().into()), revise_plan(plan, terms().into()),
        set_frozen(plan, true), fund(plan, zero), withdraw(plan, zero), set_fees(plan, 0, Vec::new()),
        set_network(plan, Vec::new(), true), cover(plan, Vec::new()),
        end_coverage(plan, nobody.into(), Timestamp::MAX), request_authorisation(plan, nobody.into(), code, 1),
        decide_authorisation(procedure.into(), None), submit(claimed.clone().into(), None),
        pass_on(claim.into(), filing.clone().into(), plan), retry(claim.into()), withdraw_claim(claim.into()),
        settle(vec![claim]), appeal(claim.into(), ReasonSet::EMPTY, hash.into()),
        answer_appeal(claim.into(), hash.into()), decide_appeal(claim.into(), Ruling::Upheld.into(), hash.into()),
        reverse(claim.into(), hash.into(), filing.into()), repay(plan, nobody.into(), zero), plan(plan),
        terms(plan, 0), fee(plan, code), in_network(plan, nobody.into()), coverages(plan, nobody.into()),
        used(plan, place.into()), authorisation(procedure.into()), claim(claim.into()), debt(plan, nobody.into()),
        setup(),
    ];
    assert_eq!(calls, named("claims"));
}

fn release(record: RecordId, accessor: AccountId) -> Release {
    Release { record, version: 1, accessor, permit_block: 0, permit_event: 0, leaf: Hash([0; 32]) }
}
