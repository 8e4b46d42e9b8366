//! Dates and decimals.
#![allow(clippy::unwrap_used, reason = "in a test, a panic is a failure")]

mod common;

use common::dollars;
use proptest::prelude::*;
use salus_domain::money::Amount;
use salus_domain::time::{Period, Timestamp};
use salus_fhir::date::{day, whole};
use salus_fhir::decimal::{Asset, MAX_DECIMALS};
use salus_fhir::RefusedReason as R;

fn ms(start: u64, end: u64) -> Result<Period, R> {
    Ok(Period { start: Timestamp(start), end: Timestamp(end) })
}

#[test]
fn a_date_stands_for_all_of_its_year_month_day_second_or_millisecond() {
    assert_eq!(whole("1970"), ms(0, 365 * 86_400_000));
    assert_eq!(whole("2024-02"), ms(1_706_745_600_000, 1_709_251_200_000));
    assert_eq!(whole("2024-02-29"), ms(1_709_164_800_000, 1_709_251_200_000));
    assert_eq!(whole("1970-01-01T00:00:01Z"), ms(1_000, 2_000));
    assert_eq!(whole("1970-01-01T02:00:01.5+02:00"), ms(1_500, 1_501));
    assert_eq!(whole("1970-01-01T00:00:01.0019999Z"), ms(1_001, 1_002));
    assert_eq!(whole("1969-12-31T23:30:00-01:00"), ms(1_800_000, 1_801_000));
    assert_eq!(whole("9999-12-31"), ms(253_402_214_400_000, 253_402_300_800_000));
}

#[test]
fn a_day_is_the_one_that_is_written() {
    assert_eq!(day("2026-09-30T23:30:00-05:00"), day("2026-09-30"));
    assert_eq!(day("2026-09"), Err(R::NotOneDay));
    assert_eq!(day("1969-12-31"), Err(R::BeforeEpoch));
}

#[test]
fn what_fhir_does_not_write_is_no_date() {
    for text in [
        "",
        "26",
        "0000",
        "2026-00",
        "2026-13",
        "2026-02-29",
        "2026-2-1",
        "2026/02/01",
        "2026-02-01T",
        "2026-02-01T10:00Z",
        "2026-02-01T24:00:00Z",
        "2026-02-01T10:00:60Z",
        "2026-02-01T10:00:00.Z",
        "2026-02-01 10:00:00Z",
        "2026-02-01T10:00:00z",
        "2026-02-01T10:00:00+15:00",
        "2026-02-01T10:00:00+0100",
        "2026-02-01T10:00:00ZZ",
        "+2026",
        "２０２６",
    ] {
        assert_eq!(whole(text), Err(R::NotADate), "{text}");
    }
    assert_eq!(whole("2026-02-01T10:00:00"), Err(R::DateWithoutZone));
    assert_eq!(whole("1969"), Err(R::BeforeEpoch));
}

#[test]
fn decimals_are_read_as_they_are_written() {
    let read = |text: &str| dollars().parse(text);
    assert_eq!(read("0"), Ok(Amount(0)));
    assert_eq!(read("0.00000"), Ok(Amount(0)));
    assert_eq!(read("12.50000"), Ok(Amount(1_250)));
    assert_eq!(read("125e-1"), Ok(Amount(1_250)));
    assert_eq!(read("1.25E+1"), Ok(Amount(1_250)));
    assert_eq!(read("1.255"), Err(R::TooManyFractionDigits { decimals: 2 }));
    for text in ["", ".5", "5.", "01", "+1", "1e", "1e+", "1_0", "0x1", "NaN", "1 ", "--1", "1.2.3", "1e1.5"] {
        assert_eq!(read(text), Err(R::NotADecimal), "{text}");
    }
    assert_eq!(read("-0.01"), Err(R::Negative));
    assert_eq!(read("-1e99"), Err(R::Negative));
    for zero in ["-0", "-0.00", "0e400", "0.0E-400", "-0e99999999999999999999"] {
        assert_eq!(read(zero), Ok(Amount(0)), "{zero}");
    }
    assert_eq!(read("0e"), Err(R::NotADecimal));
    assert_eq!(read("1e65"), Err(R::ExponentOutOfRange));
    assert_eq!(read("1e99999999999999999999"), Err(R::ExponentOutOfRange));
    assert_eq!(read("0e64"), Ok(Amount(0)));
    assert_eq!(read(&"9".repeat(100)), Err(R::AmountTooLarge));
    assert_eq!(read(&format!("{}.5", "9".repeat(100))), Err(R::AmountTooLarge));
    let fraction = R::TooManyFractionDigits { decimals: 2 };
    assert_eq!(read(&format!("1.{}1", "0".repeat(44))), Err(fraction.clone()));
    assert_eq!(read(&format!("1{}1e-45", "0".repeat(44))), Err(fraction));
    assert_eq!(read(&format!("1.{}1e45", "0".repeat(44))), Err(R::AmountTooLarge));
    // The largest amount means "no limit", so that no document can say it.
    assert_eq!(read("3402823669209384634633746074317682114.55"), Err(R::AmountTooLarge));
    assert_eq!(read("3402823669209384634633746074317682114.54"), Ok(Amount(u128::MAX - 1)));
}

#[test]
fn amounts_are_written_with_at_least_cents() {
    let asset = |decimals| Asset { currency: String::from("USD"), decimals };
    assert_eq!(asset(12).format(Amount(12_500_000_000_000)), "12.50");
    assert_eq!(asset(12).format(Amount(1)), "0.000000000001");
    assert_eq!(asset(1).format(Amount(5)), "0.5");
    assert_eq!(asset(0).format(Amount(5)), "5");
}

proptest! {
    #[test]
    fn an_amount_that_is_written_and_read_is_the_same(units in 0..u128::MAX, decimals in 0..=MAX_DECIMALS) {
        let asset = Asset { currency: String::from("USD"), decimals };
        prop_assert_eq!(asset.parse(&asset.format(Amount(units))), Ok(Amount(units)));
    }

    #[test]
    fn an_exponent_only_moves_the_point(digits in 1u64.., exponent in 0u32..10) {
        let shifted = format!("{digits}e{exponent}");
        prop_assert_eq!(dollars().parse(&shifted), Ok(Amount(u128::from(digits) * 10u128.pow(exponent + 2))));
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,40}|[0-9T:.+Z-]{0,32}|[0-9.eE+-]{0,60}") {
        let _ = (whole(&text), day(&text), dollars().parse(&text), salus_fhir::account::parse(&text));
    }
}
