//! Each reason has its codes and its sentence.

use crate::cases::cost_share;
use crate::common::dollars;
use crate::common::structure::codings;
use crate::value;
use salus_domain::adjudicate::Split;
use salus_domain::codes::{Liability, Reason, ReasonSet};
use salus_domain::money::Amount;
use salus_fhir::explain::claim_response;
use salus_fhir::explain::codes::{x12, Group};
use salus_fhir::explain::words::sentence;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_reason_has_a_code_of_x12_but_the_one_that_takes_nothing_off() {
    for reason in Reason::ALL {
        assert_eq!(x12(*reason).is_none(), *reason == Reason::OutOfPocketMaximum, "{reason:?}");
    }
}

#[test]
fn no_two_causes_share_their_codes_of_x12_but_the_maxima_that_x12_does_not_tell_apart() {
    let mut by_code: BTreeMap<_, Vec<Reason>> = BTreeMap::new();
    for reason in Reason::ALL {
        if let Some(adjustment) = x12(*reason) {
            by_code.entry((adjustment.reason, adjustment.remark)).or_default().push(*reason);
        }
    }
    let shared: Vec<_> = by_code.into_values().filter(|reasons| reasons.len() > 1).collect();
    assert_eq!(shared, [[Reason::BenefitMaximum, Reason::CategoryMaximum, Reason::DayMaximum]]);
}

#[test]
fn the_group_says_who_bears_it() {
    for reason in Reason::ALL {
        let Some(adjustment) = x12(*reason) else { continue };
        match (reason, reason.denial()) {
            // X12 lets these be used with OA only; a line that waits is nobody's.
            (Reason::Duplicate | Reason::PriorPayer | Reason::AuthorisationMissing, _) => {
                assert_eq!(adjustment.group, Group::OtherAdjustment, "{reason:?}");
            }
            (_, Some(Liability::Patient)) => {
                assert_eq!(adjustment.group, Group::PatientResponsibility, "{reason:?}");
            }
            (_, Some(Liability::Provider)) | (Reason::FeeSchedule | Reason::AuthorisationExceeded, None) => {
                assert_eq!(adjustment.group, Group::ContractualObligation, "{reason:?}");
            }
            (_, None) => assert_eq!(adjustment.group, Group::PatientResponsibility, "{reason:?}"),
        }
    }
}

#[test]
fn the_table_in_the_documentation_is_the_table() {
    let source = include_str!("../../src/explain/codes.rs");
    let rows: BTreeMap<&str, Vec<&str>> = source
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `"))
        .map(|row| row.split('|').map(|cell| cell.trim().trim_matches('`')).collect::<Vec<_>>())
        .map(|cells| (cells[0], cells[1..].to_vec()))
        .collect();
    let systems = [
        "https://salus.health/CodeSystem/adjudication-reason",
        "https://x12.org/codes/claim-adjustment-group-codes",
        "https://x12.org/codes/claim-adjustment-reason-codes",
        "https://x12.org/codes/remittance-advice-remark-codes",
        "http://terminology.hl7.org/CodeSystem/adjudication-reason",
    ];
    let mut claim = cost_share();
    claim.lines[0].outcome.reasons = ReasonSet::ALL;
    let told = value(&claim_response(&claim).unwrap());
    let told = told["item"][0]["adjudication"].as_array().unwrap().iter();
    let told = told.filter(|told| told["category"]["coding"][0]["code"] == "adjustmentreason");
    let written: Vec<_> = told.map(|told| codings(&told["reason"])).collect();
    assert_eq!(written.len(), Reason::ALL.len());
    for (reason, codings) in Reason::ALL.iter().zip(written) {
        let code =
            |wanted: &&str| codings.iter().find(|(system, ..)| system == wanted).map_or("", |(_, code, _)| *code);
        let written = systems.each_ref().map(code);
        assert_eq!(written[0], reason.code());
        assert_eq!(rows[reason.code()][..4], written[1..], "{reason:?}");
        assert_eq!(
            codings.len(),
            written.iter().filter(|code| !code.is_empty()).count(),
            "{reason:?}: one of each system"
        );
    }
}

#[test]
fn every_reason_is_one_sentence_of_its_own_without_jargon() {
    let split = Split { deductible: Amount(1_25), copay: Amount(2_25), coinsurance: Amount(3_25), ..Split::default() };
    let jargon = [
        "adjudicat",
        "liab",
        "copay",
        "coinsurance",
        "benefit",
        "credential",
        "authoris",
        "network",
        "pend",
        "waiver",
        "out-of-pocket",
        "categor",
        "accumulat",
        "asset",
        "schedule",
        "allowed amount",
    ];
    let mut said = BTreeSet::new();
    for reason in Reason::ALL {
        let sentence = sentence(*reason, &split, &dollars());
        assert!(sentence.ends_with('.') && sentence.matches(". ").count() == 0, "{sentence}");
        assert!(sentence.starts_with(|first: char| first.is_uppercase()), "{sentence}");
        assert!(!jargon.iter().any(|word| sentence.to_lowercase().contains(word)), "{sentence}");
        said.insert(sentence);
    }
    assert_eq!(said.len(), Reason::ALL.len());
    for (reason, amount) in
        [(Reason::Deductible, "USD 1.25"), (Reason::Copay, "USD 2.25"), (Reason::Coinsurance, "USD 3.25")]
    {
        assert!(sentence(reason, &split, &dollars()).starts_with(amount), "{reason:?}");
    }
}

#[test]
fn a_sentence_says_that_the_provider_may_not_charge_where_the_provider_bears_the_line() {
    for reason in Reason::ALL {
        let sentence = sentence(*reason, &Split::default(), &dollars());
        let relieved = sentence.contains("may not charge you") || sentence.contains("need not pay");
        let provider = reason.denial() == Some(Liability::Provider) || *reason == Reason::AuthorisationExceeded;
        assert_eq!(relieved, provider, "{sentence}");
    }
}
