//! What cannot be put into FHIR is refused by name.

use crate::cases::{asked, cost_share, eligibility, parties, settled, terms};
use salus_domain::money::Amount;
use salus_domain::time::Timestamp;
use salus_fhir::explain::words::explain;
use salus_fhir::explain::{
    authorisation_response, claim_response, eligibility_response, explanation_of_benefit, AuthorisationAnswer, Decided,
    NotExplained, Parties, Payment, Service, Status,
};

fn refused(claim: &Decided) -> NotExplained {
    let (one, other) = (explanation_of_benefit(claim).unwrap_err(), claim_response(claim).unwrap_err());
    assert_eq!(one, other);
    one
}

#[test]
fn a_claim_without_lines() {
    assert_eq!(refused(&Decided { lines: Vec::new(), ..cost_share() }), NotExplained::NoLines);
}

#[test]
fn two_lines_with_one_number() {
    let mut claim = cost_share();
    claim.lines[1].sequence = 1;
    assert_eq!(refused(&claim), NotExplained::RepeatedSequence(1));
    assert_eq!(explain(&claim), Err(NotExplained::RepeatedSequence(1)));
}

#[test]
fn amounts_that_do_not_add_up() {
    let mut line = cost_share();
    line.lines[0].outcome.split.payer = Amount(1);
    assert_eq!(refused(&line), NotExplained::Sums, "a line");
    let mut total = cost_share();
    total.total.payer = total.total.payer.minus(Amount(1));
    assert_eq!(refused(&total), NotExplained::Sums, "the total");
    let mut both = cost_share();
    both.lines[0].outcome.split.payer = Amount::UNLIMITED;
    both.total.payer = Amount::UNLIMITED;
    assert_eq!(refused(&both), NotExplained::Sums, "beyond 128 bits");
}

#[test]
fn a_payment_of_more_than_the_plan_pays() {
    let paid = |claim: &Decided, amount, withheld| {
        let payment = Payment { amount: Amount(amount), withheld: Amount(withheld), date: None };
        refused(&Decided { payment: Some(payment), ..claim.clone() })
    };
    let claim = cost_share();
    assert_eq!(paid(&claim, claim.total.payer.0 + 1, 0), NotExplained::Sums);
    assert_eq!(paid(&claim, 1, 2), NotExplained::Sums, "more is withheld than paid");
    assert_eq!(paid(&Decided { status: Status::AwaitsFunds, ..claim }, 1, 0), NotExplained::Sums, "of one that waits");
}

#[test]
fn a_currency_that_fhir_does_not_have_is_refused_there_and_not_in_words() {
    for currency in ["UNIT", "usd", "€", ""] {
        let mut claim = cost_share();
        claim.asset.currency = currency.to_owned();
        assert_eq!(refused(&claim), NotExplained::Currency(currency.to_owned()));
        assert!(explain(&claim).unwrap().claim.contains(&format!("{currency} 298.00 was billed")));
    }
}

#[test]
fn a_moment_after_the_year_9999() {
    assert_eq!(refused(&Decided { created: Timestamp::MAX, ..cost_share() }), NotExplained::Time);
    let mut claim = cost_share();
    claim.lines[0].date = Timestamp::MAX;
    assert_eq!(explanation_of_benefit(&claim), Err(NotExplained::Time));
    assert!(explain(&claim).unwrap().lines[0].1.starts_with("Consultation: "), "words go without it");
    let mut paid = settled(cost_share(), 0);
    paid.payment = paid.payment.map(|payment| Payment { date: Some(Timestamp::MAX), ..payment });
    assert_eq!(refused(&paid), NotExplained::Time);
    let late = AuthorisationAnswer::Granted { quantity: 1, until: Timestamp(u64::MAX - 1_000) };
    assert_eq!(authorisation_response(&asked(late)), Err(NotExplained::Time));
    let terms = terms();
    assert_eq!(eligibility_response(&eligibility(&terms, u64::MAX)), Err(NotExplained::Time));
}

#[test]
fn a_number_that_fhir_cannot_write() {
    for sequence in [0, 1 << 31] {
        let mut claim = cost_share();
        claim.lines[0].sequence = sequence;
        assert!(matches!(refused(&claim), NotExplained::Number(_)), "{sequence}");
    }
}

#[test]
fn a_text_that_fhir_does_not_have() {
    for text in ["", " ", "Patient/ c", "a\tb", "a\u{0}b", " a", "http://ids|", "|1", "http://ids|a  b"] {
        let parties = Parties { patient: text.to_owned(), ..parties() };
        assert_eq!(refused(&Decided { parties, ..cost_share() }), NotExplained::Text("patient"), "{text:?}");
    }
    let mut claim = cost_share();
    for (system, code) in [("", "x"), ("http://a b", "x"), ("http://codes", ""), ("http://codes", "a  b")] {
        claim.lines[0].service = Service::Known { system: system.to_owned(), code: code.to_owned() };
        assert!(matches!(explanation_of_benefit(&claim), Err(NotExplained::Text(_))), "{system:?} {code:?}");
    }
    claim.lines[0].service = Service::Known { system: String::from("http://codes"), code: String::from("a b") };
    assert!(explanation_of_benefit(&claim).is_ok());
    claim.authorisations = vec![String::new()];
    assert_eq!(explanation_of_benefit(&claim), Err(NotExplained::Text("insurance.preAuthRef")));
}
