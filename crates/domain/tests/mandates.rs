//! What a proxy may do, and when.

use salus_domain::codes::{Power, PowerSet};
use salus_domain::mandate::{Mandate, MandateMalformed};
use salus_domain::time::Timestamp;

mod common;

fn mandate(powers: &[Power], start: u64, end: u64) -> Mandate {
    Mandate { powers: PowerSet::of(powers), period: common::period(start, end) }
}

#[test]
fn a_mandate_gives_the_powers_that_it_names_and_no_other() {
    for given in Power::ALL {
        let mandate = mandate(&[*given], 0, 10);
        for asked in Power::ALL {
            assert_eq!(mandate.allows(*asked, Timestamp(5)), asked == given, "{asked:?} of {given:?}");
        }
    }
}

#[test]
fn a_mandate_counts_from_its_start_until_its_end() {
    let mandate = mandate(&[Power::Record], 3, 5);
    let counts = [2, 3, 4, 5].map(|now| mandate.allows(Power::Record, Timestamp(now)));
    assert_eq!(counts, [false, true, true, false]);
}

#[test]
fn a_mandate_that_could_never_be_used_is_malformed() {
    let now = Timestamp(5);
    assert_eq!(mandate(&[], 0, 10).validate(now), Err(MandateMalformed::NoPowers));
    assert_eq!(mandate(&[Power::Amend], 7, 7).validate(now), Err(MandateMalformed::EmptyPeriod));
    assert_eq!(mandate(&[Power::Amend], 8, 7).validate(now), Err(MandateMalformed::EmptyPeriod));
    assert_eq!(mandate(&[Power::Amend], 0, 5).validate(now), Err(MandateMalformed::AlreadyOver));
    assert_eq!(mandate(&[Power::Amend], 0, 6).validate(now), Ok(()));
    assert_eq!(mandate(&[Power::Amend], 9, 12).validate(now), Ok(()), "it may begin later");
}
