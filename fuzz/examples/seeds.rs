//! `cargo run --example seeds`: writes what `corpus/` has of every format anew. Whatever else is there is left alone.

use ink_primitives::AccountId;
use parity_scale_codec::{Decode, Encode};
use salus_audit::{leaf_of, Tree};
use salus_client::{blake2b_256, client_account, relay, signer, AccountId32};
use salus_domain::adjudicate::Authorisation;
use salus_domain::claim::Submission;
use salus_domain::codes::{Network, ReasonSet, Term, Unit};
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision};
use salus_domain::evaluate::Evaluation;
use salus_domain::ids::{Account, ClaimId, ConsentId, Hash, PlanId};
use salus_domain::ledger::{Facts, Ledger, Membership};
use salus_domain::mandate::Mandate;
use salus_domain::money::Amount;
use salus_domain::plan::PlanTerms;
use salus_domain::request::Request;
use salus_domain::time::{Period, Timestamp};
use salus_fhir::claim::ClaimOptions;
use salus_fuzz::claims::{Book, Told};
use salus_interface::consent::{Instruction, Order, Place};
use salus_interface::{access, claims, consent};
use salus_release::entry::Entry;
use salus_release::request::{Asked, Proof, Target};
use serde_json::{json, Value};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

// Our crates have the counters of libFuzzer, which is linked for that.
libfuzzer_sys::fuzz_target!(|_data: &[u8]| {});

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result {
    fhir()?;
    scale()?;
    claims_decided()?;
    audit()?;
    release()?;
    client()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn seed(target: &str, name: &str, bytes: &[u8]) -> Result {
    let folder = root().join("fuzz/corpus").join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), bytes)?)
}

/// The samples, without their white space: so more of what is mutated means something.
fn fhir() -> Result {
    for (target, samples) in [
        ("fhir_consent", &["consent"][..]),
        ("fhir_claim", &["claim", "claim-second", "claim-authorisation", "claim-response-other"]),
        ("fhir_coverage", &["coverage", "eligibility-request"]),
        ("fhir_record", &["record-bundle", "record-observation", "record-sensitive"]),
        ("fhir_plan", &["plan", "plan-dental", "insurance-plan"]),
        ("fhir_directory", &["directory", "people"]),
        ("fhir_request", &["request", "consent"]),
    ] {
        for name in samples {
            seed(target, name, sample(name)?.to_string().as_bytes())?;
        }
    }
    // As synthetic data has it: what a claim needs is left out, and the price is in the total only.
    let bare = json!({
        "resourceType": "Claim", "id": "1", "status": "active", "use": "claim",
        "patient": { "reference": "urn:uuid:1" }, "provider": { "reference": "urn:uuid:2" },
        "insurance": [{ "sequence": 1, "focal": true, "coverage": { "display": "Medicare" } }],
        "billablePeriod": { "start": "2026-09-30T08:00:00Z", "end": "2026-09-30T09:00:00Z" },
        "item": [{
            "sequence": 1, "encounter": [{ "reference": "urn:uuid:3" }],
            "productOrService": { "coding": [{ "system": "http://snomed.info/sct", "code": "162673000" }] },
        }],
        "total": { "value": 85.55, "currency": "USD" },
    });
    let entries = [bare, sample("claim-corrected")?].map(|resource| json!({ "resource": resource }));
    let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
    seed("fhir_claim", "bundle", bundle.to_string().as_bytes())?;
    let r5 = json!({
        "resourceType": "Consent", "status": "active", "decision": "deny",
        "subject": { "reference": "Patient/rosa-marin" },
        "provision": [{ "actor": [{ "reference": { "reference": "Organization/mercy-hospital" } }], "provision": [{
            "securityLabel": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY" }],
        }] }],
    });
    seed("fhir_consent", "r5", r5.to_string().as_bytes())
}

fn sample(name: &str) -> Result<Value> {
    Ok(serde_json::from_slice(&fs::read(root().join(format!("samples/{name}.json")))?)?)
}

fn sample_consent() -> Consent {
    let actor = Actor::Account(Account([1; 32]));
    let permit = Provision { actors: vec![actor], ..Provision::new(1, Decision::Permit) };
    let provisions = vec![permit, Provision::new(2, Decision::Deny)];
    Consent { base: Base::Silent, period: Period::ALWAYS, source: Hash([2; 32]), provisions }
}

/// Of each type a value. Each decodes from something of these: zeros are a value of nearly all of them.
fn scale() -> Result {
    macro_rules! each {
        ($target:literal; $($Type:ty),+ $(,)?) => { $(
            let text = stringify!($Type);
            let name = text.rsplit(' ').next().unwrap_or(text);
            let bytes: Vec<u8> = (1..=64).chain([0; 1024]).collect();
            let found = (0..=64).find_map(|from| <$Type>::decode(&mut &bytes[from..]).ok());
            seed($target, name, &found.ok_or(text)?.encode())?;
        )+ };
    }
    each!("scale_domain"; Submission, PlanTerms, Mandate, Request, Evaluation);
    each!("scale_orders";
        consent::ConsentSummary, consent::ConsentProposed, consent::ProposalWithdrawn, consent::CarriedOut);
    each!("scale_access";
        access::RecordTerms, access::Record, access::Release, access::Condition, access::Vouched, access::Setup,
        access::Log, access::Emergency,
        access::AuthorityAdded, access::AuthorityRemoved, access::ProviderCredentialed, access::KeyPublished,
        access::RecordRegistered, access::RecordAmended, access::AccessDecided, access::OrganisationAccredited,
        access::KeyRevoked, access::RecordErased, access::ConditionSet, access::AgreementChanged,
        access::LinkRedeemed, access::EmergencyChanged, access::RootAnchored, access::ReleaseLogged);
    each!("scale_claims";
        claims::Asset, claims::Pool, claims::Plan, claims::Enrolment, claims::Coverage, claims::Place,
        claims::Authorisation, claims::Procedure, claims::Claim, claims::Appeal, claims::Ruling, claims::Filing, claims::Payment,
        claims::PlanOpened, claims::PlanRevised, claims::PlanFrozen, claims::PoolFunded, claims::PoolWithdrawn,
        claims::FeesSet, claims::NetworkSet, claims::MembersCovered, claims::CoverageEnded,
        claims::AuthorisationChanged, claims::ClaimPended, claims::ClaimWithdrawn, claims::ClaimAdjudicated,
        claims::ClaimsSettled, claims::ClaimAppealed, claims::AppealAnswered, claims::AppealDecided,
        claims::ClaimReversed, claims::DebtPaid, claims::Receipt);
    let request = Request::decode(&mut [[1; 32].as_slice(), &[0; 64]].concat().as_slice())?;
    seed("scale_domain", "Consent", &sample_consent().encode())?;
    seed("scale_decision", "one", &(vec![sample_consent()], &request).encode())?;
    let others = Consent { base: Base::Deny, ..sample_consent() };
    seed("scale_decision", "two", &(vec![sample_consent(), others], request).encode())?;
    for (number, instruction) in instructions().into_iter().enumerate() {
        seed("scale_orders", &format!("instruction-{number}"), &instruction.encode())?;
    }
    Ok(())
}

/// The claims of the samples under each of their plans: to decide, and as they are decided.
fn claims_decided() -> Result {
    let (key, member, provider) = ([3; 32], Account([1; 32]), Account([2; 32]));
    let mut whats = 0..;
    for name in ["plan", "plan-dental"] {
        let plan = salus_fhir::plan::compile(sample(name)?.to_string().as_bytes())?;
        let options = ClaimOptions::new(plan.asset.clone());
        let fees = plan.tagged_fees(&key);
        let period = Period { start: Timestamp(1_767_225_600_000), end: Timestamp(1_798_761_600_000) };
        let (now, network) = (Timestamp(1_794_000_000_000), Network::In);
        let [credentialed, consented] = [true, true];
        let (membership, set_aside) = (
            Membership { member, subscriber: member, period, since: period.start, secondary: false },
            ReasonSet::EMPTY,
        );
        let facts = Facts { now, network, credentialed, consented, set_aside };
        let mut ledger = Ledger::new(plan.terms.clone(), fees.clone());
        let mut filed = Vec::new();
        for document in ["claim", "claim-second"] {
            let compiled = salus_fhir::claim::compile(sample(document)?.to_string().as_bytes(), &options)?;
            let submission = compiled.submission(PlanId(0), member, provider, &key);
            let authorised = |_, _| Authorisation::Granted(1);
            let decided = ledger.adjudicate(&membership, &facts, provider, &submission, authorised);
            let place = membership.place(Unit::Individual, Term::Annual, now);
            let lines = submission.lines.iter().zip(&decided.lines).zip(1..).map(|((line, outcome), sequence)| {
                let date = submission.days.get(usize::from(line.day)).map_or(now, |day| day.date);
                (*line, *outcome, sequence, date)
            });
            let what = whats.next().unwrap_or_default();
            let told: Told = (
                ClaimId([4; 32]),
                lines.collect(),
                (plan.terms.clone(), ledger.used(place)),
                claims::Authorisation::Granted { quantity: 2, until: now },
                Some((decided.total.payer, Amount::ZERO, Some(now))),
                ["Patient/c", "Practitioner/a", "http://insurers|9", "Coverage/1", "USD"].map(String::from),
                // Settled, no appeal, professional, cents.
                [what, 3, 0, 3, 2],
                now,
            );
            seed("claims_explain", &format!("{name}-{document}"), &told.encode())?;
            let known = [credentialed, consented];
            filed.push((submission, provider, (member, period, false), now, network, known, set_aside));
        }
        let authorised = fees.iter().map(|fee| (fee.code, Some(2))).collect();
        let book: Book = (plan.terms, fees, authorised, filed);
        seed("claims_ledger", name, &book.encode())?;
    }
    Ok(())
}

fn instructions() -> Vec<Instruction> {
    let proxy = ink_account([8; 32]);
    let mandate = Mandate { powers: salus_domain::codes::PowerSet::EMPTY, period: Period::ALWAYS };
    vec![
        Instruction::Record(sample_consent()),
        Instruction::Amend(ConsentId(1), sample_consent()),
        Instruction::Revoke(ConsentId(3)),
        Instruction::RevokeAll,
        Instruction::Accept(proxy, Hash([9; 32])),
        Instruction::NameProxy(proxy, mandate),
    ]
}

fn audit() -> Result {
    let entries: [&[u8]; 3] = [b"first", b"", b"third"];
    let (mut log, mut tree) = (b"salus-audit-log1".to_vec(), Tree::new());
    for (number, entry) in (1..).zip(entries) {
        let (id, length) = ([number; 32], u32::try_from(entry.len())?.to_le_bytes());
        let leaf = leaf_of(&id, entry);
        log.extend([&length, &crc32fast::hash(&length).to_le_bytes(), &id[..], entry, &leaf.0].concat());
        tree.push(leaf);
    }
    seed("audit_log", "three", &log)?;
    seed("audit_log", "torn", &log[..log.len() - 7])?;
    seed("audit_log", "empty", &log[..16])?;
    let proof = salus_audit::InclusionProof {
        log_size: 3,
        index: 2,
        leaf: leaf_of(&[3; 32], entries[2]),
        entry: entries[2].to_vec(),
        id: [3; 32],
        path: tree.inclusion(2, 3).ok_or("a proof")?,
        root: tree.root(),
    };
    proof.verify()?;
    seed("audit_proof", "third", &serde_json::to_vec(&proof)?)?;
    seed("audit_merkle", "seven", &[[0x5a; 24].as_slice(), &[1, 2, 3, 4, 5, 6, 7]].concat())?;
    seed("audit_merkle", "large", &[&[0x7f; 24][..], &[3; 70]].concat())
}

fn release() -> Result {
    let entry = (0..=2).flat_map(|outcome| {
        let bytes: Vec<u8> =
            [vec![1; 1 + 8 + 32 + 4 + 32 + 32], vec![0; 1 + 8 + 32], vec![outcome], vec![0; 64]].concat();
        Entry::decode(&mut bytes.as_slice())
    });
    for (number, entry) in entry.enumerate() {
        seed("release_entry", &number.to_string(), &entry.encode())?;
    }
    let target = Target { genesis: Hash([1; 32]), access_grants: Account([2; 32]) };
    let asked = Asked { method: "POST", path_and_query: "/v1/releases?a=b", body: b"body" };
    // Signatures are others each time: what still holds is kept, here and in the file of orders.
    let kept = fs::read_to_string(root().join("fuzz/corpus/release_header/signed"))?;
    if Proof::parse(&kept).ok().and_then(|proof| proof.verify(&target, &asked)).is_none() {
        let proof = Proof::sign(&signer::from_suri("//Alice")?, &target, &asked, Timestamp(1_700_000_000_000), [3; 16]);
        seed("release_header", "signed", proof.header().as_bytes())?;
    }
    let (hash, account) = (hex::encode([7; 32]), AccountId32([7; 32]).to_string());
    let entry = json!({ "index": 1, "id": hash, "leaf": hash });
    let anchored = json!({ "size": 3, "root": hash });
    for (name, value) in [
        ("request", json!({ "record": hash, "version": 1, "permit": { "block": 2, "event": 3 }, "key": hash })),
        (
            "released",
            json!({ "envelope": "U1ZMRQ==", "key": hash, "content": "/v1/c?t=1", "entry": entry, "height": 9 }),
        ),
        ("changed", json!({ "changed": true, "entry": entry })),
        (
            "destroyed",
            json!({ "objects": [{ "path": "a/b", "bytes": 5, "sha256": hash }], "digest": hash, "entry": entry }),
        ),
        (
            "entries",
            json!({ "entries": [{ "index": 1, "id": hash, "leaf": hash, "entry": "01", "proof": [hash] }],
            "anchored": anchored, "height": 9, "next": 2 }),
        ),
        ("head", json!({ "account": account, "size": 3, "root": hash, "anchored": anchored, "height": 9 })),
        ("hashes", json!({ "hashes": [hash], "root": hash })),
        (
            "health",
            json!({ "code": null, "finalHeight": 9, "finalTime": 1, "nodes": [{ "node": 0, "finalHeight": null }],
            "logSize": 3, "anchoredSize": 3 }),
        ),
        ("problem", json!({ "code": "a", "message": "b", "next": "c", "refusal": "NoConsent", "entry": entry })),
    ] {
        seed("release_wire", name, value.to_string().as_bytes())?;
    }
    Ok(())
}

fn client() -> Result {
    let place = Place { genesis: Hash([1; 32]), contract: ink_account([2; 32]) };
    let kept = fs::read(root().join("fuzz/corpus/client_orders/orders")).unwrap_or_default();
    let kept = relay::file::from_json(&kept).map(|(_, orders)| orders).unwrap_or_default();
    let mut kept_orders = kept.iter().map(|signed| &signed.order.instruction);
    if !instructions().iter().eq(kept_orders.by_ref()) || !kept.iter().all(|signed| relay::is_signed(&place, signed)) {
        let patient = signer::from_suri("//Dave")?;
        let account = salus_client::ink_account(&patient.public_key().to_account_id());
        let orders = instructions().into_iter().zip(0..).map(|(instruction, nonce)| {
            let order = Order { patient: account, instruction };
            relay::sign(&patient, &place, order, nonce, Timestamp(1_893_456_000_000))
        });
        let orders = relay::file::to_json(&place, &orders.collect::<Vec<_>>());
        seed("client_orders", "orders", orders.to_string().as_bytes())?;
    }
    let contract = json!({
        "address": client_account(place.contract), "codeHash": format!("0x{}", "11".repeat(32)),
        "bundleSha256": "22".repeat(32),
    });
    let deployment = json!({
        "network": "Development", "genesisHash": format!("0x{}", "33".repeat(32)), "deployer": AccountId32([4; 32]),
        "block": 5, "consentRegistry": contract, "accessGrants": contract, "claims": contract,
    });
    seed("client_deployment", "deployment", deployment.to_string().as_bytes())?;
    let wasm = b"\0asm\x01\0\0\0";
    let bundle = json!({
        "source": { "hash": format!("0x{}", hex::encode(blake2b_256(wasm))), "wasm": format!("0x{}", hex::encode(wasm)) },
        "contract": { "name": "empty", "version": "0.1.0" },
    });
    seed("client_bundle", "empty", bundle.to_string().as_bytes())?;
    let ok = json!({ "source": { "hash": "0x", "wasm": null }, "contract": { "name": "none" } });
    seed("client_bundle", "none", ok.to_string().as_bytes())
}

fn ink_account(bytes: [u8; 32]) -> AccountId {
    salus_client::ink_account(&AccountId32(bytes))
}
