//! How a resource names those whom it is about.

use crate::common::account;
use salus_domain::ids::Account;
use salus_fhir::directory::Directory;
use salus_fhir::explain::Party;

/// What each party is called of whom a directory knows these names.
fn named(keys: &[&str]) -> [Option<String>; 3] {
    let own = keys.iter().map(|key| ((*key).to_owned(), account(1)));
    let others = [("AAA/other", 2), ("Organization/0", 2), ("Patient/0", 2)];
    let others = others.map(|(key, other): (_, u8)| (String::from(key), account(other)));
    let directory: Directory = own.chain(others).collect::<Vec<(String, Account)>>().into_iter().collect();
    [Party::Patient, Party::Provider, Party::Insurer]
        .map(|party| party.named(&directory, account(1)).map(str::to_owned))
}

#[test]
fn each_is_named_by_a_reference_of_a_type_that_may_stand_there() {
    for (keys, expected) in [
        (
            &["Organization/o", "Patient/p", "Practitioner/d", "http://ids|1"][..],
            [Some("Patient/p"), Some("Organization/o"), Some("Organization/o")],
        ),
        (&["Patient/p", "Practitioner/d"], [Some("Patient/p"), Some("Practitioner/d"), None]),
        (
            &["PractitionerRole/r", "http://ids|1"],
            [Some("http://ids|1"), Some("PractitionerRole/r"), Some("http://ids|1")],
        ),
        (&["https://a.example/Patient/p"], [Some("https://a.example/Patient/p"), None, None]),
        (&["https://a.example/Patient/x|1"], [Some("https://a.example/Patient/x|1"); 3]),
        (&["urn:uuid:0"], [Some("urn:uuid:0"); 3]),
        (&["RelatedPerson/r"], [None; 3]),
        (&[], [None; 3]),
    ] {
        assert_eq!(named(keys), expected.map(|key| key.map(str::to_owned)), "{keys:?}");
    }
}
