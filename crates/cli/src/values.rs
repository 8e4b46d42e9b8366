//! Values on the command line, and how they are written: codes, accounts, times, records, amounts.

use salus_client::{AccountId32, Token};
use salus_domain::codes::{Action, Class, Confidentiality, Power, Purpose, Role, Sensitivity};
use salus_domain::ids::{ClaimId, Hash, RecordId};
use salus_domain::money::Amount;
use salus_domain::time::{Period, Timestamp, DAY};
use salus_fhir::decimal::Asset;
use std::str::FromStr;

/// A text that is never shown.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

macro_rules! code_parsers {
    ($($(#[$meta:meta])* $parser:ident: $Code:ident;)+) => {$(
        $(#[$meta])*
        ///
        /// # Errors
        /// The codes that there are.
        pub fn $parser(text: &str) -> Result<$Code, String> {
            $Code::from_code(text).ok_or_else(|| {
                let known: Vec<&str> = $Code::ALL.iter().map(|code| code.code()).collect();
                format!("it is none of {}", known.join(", "))
            })
        }
    )+};
}
code_parsers! {
    /// A purpose of use by its v3-ActReason code.
    purpose: Purpose;
    /// An action by its `consentaction` code.
    action: Action;
    /// A class by its FHIR resource type.
    class: Class;
    /// A level of confidentiality by its v3-Confidentiality code.
    confidentiality: Confidentiality;
    /// A sensitivity by its v3-ActCode code.
    sensitivity: Sensitivity;
    /// A role by its `practitioner-role` code.
    role: Role;
    /// A power of a proxy.
    power: Power;
}

/// A record's id: 64 hexadecimal digits, with or without `0x`.
///
/// # Errors
/// What it should be.
pub fn record(text: &str) -> Result<RecordId, String> {
    bytes(text).map(RecordId).ok_or_else(|| "a record's id has 64 hexadecimal digits".to_owned())
}

/// A hash: 64 hexadecimal digits, with or without `0x`.
///
/// # Errors
/// What it should be.
pub fn hash(text: &str) -> Result<Hash, String> {
    bytes(text).map(Hash).ok_or_else(|| "a hash has 64 hexadecimal digits".to_owned())
}

/// A claim's id: 64 hexadecimal digits, with or without `0x`.
///
/// # Errors
/// What it should be.
pub fn claim(text: &str) -> Result<ClaimId, String> {
    bytes(text).map(ClaimId).ok_or_else(|| "a claim's id has 64 hexadecimal digits".to_owned())
}

fn bytes(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).ok()?;
    Some(bytes)
}

/// A moment by RFC 3339.
///
/// # Errors
/// What it should be.
pub fn time(text: &str) -> Result<Timestamp, String> {
    let time = jiff::Timestamp::from_str(text)
        .map_err(|_| "a time is written as in RFC 3339: 2030-01-01T00:00:00Z".to_owned())?;
    let milliseconds = u64::try_from(time.as_millisecond());
    milliseconds.map(Timestamp).map_err(|_| "times before 1970 cannot be kept on the chain".to_owned())
}

/// How long something lasts, in milliseconds: `90m`, `12h`, `7d`, `2w`.
///
/// # Errors
/// What it should be.
pub fn duration(text: &str) -> Result<u64, String> {
    let span = jiff::Span::from_str(text).ok();
    let duration = span.and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok());
    let milliseconds = duration.and_then(|duration| u64::try_from(duration.as_millis()).ok());
    let lasts = milliseconds.filter(|milliseconds| *milliseconds > 0);
    lasts.ok_or_else(|| "a duration is written as 90m, 12h, 7d or 2w, and is longer than nothing".to_owned())
}

/// An amount in whole tokens (`250.5`), exactly.
///
/// # Errors
/// Why it is not one.
pub fn amount(text: &str, token: &Token) -> Result<Amount, String> {
    asset(&token.symbol, token).parse(text).map_err(|reason| reason.to_string())
}

/// The native token under the name of a currency.
#[must_use]
pub fn asset(currency: &str, token: &Token) -> Asset {
    Asset { currency: currency.to_owned(), decimals: token.decimals }
}

/// A record's id as it is written.
#[must_use]
pub fn show_record(record: RecordId) -> String {
    hex::encode(record.0)
}

/// A claim's id as it is written.
#[must_use]
pub fn show_claim(claim: ClaimId) -> String {
    hex::encode(claim.0)
}

/// An account as it is written: SS58.
#[must_use]
pub fn show_account(account: &[u8; 32]) -> String {
    AccountId32(*account).to_string()
}

/// A time by RFC 3339, in UTC; `None` for a bound that is none.
#[must_use]
pub fn show_time(time: Timestamp) -> Option<String> {
    if time == Timestamp::MAX {
        return None;
    }
    let milliseconds = i64::try_from(time.0).ok()?;
    jiff::Timestamp::from_millisecond(milliseconds).ok().map(|time| time.to_string())
}

/// A day of service, in UTC, as it is written: `2026-09-07`; nothing after the year 9999.
#[must_use]
pub fn show_day(day: Timestamp) -> String {
    let days = i64::try_from(day.0 / DAY).ok().and_then(|days| jiff::Span::new().try_days(days).ok());
    let date = days.and_then(|days| jiff::civil::date(1970, 1, 1).checked_add(days).ok());
    date.map(|date| date.to_string()).unwrap_or_default()
}

/// A period as people read it.
#[must_use]
pub fn show_period(period: Period) -> String {
    let start = Some(period.start).filter(|start| *start != Timestamp::MIN).and_then(show_time);
    let start = start.map_or_else(|| "always".to_owned(), |start| format!("from {start}"));
    let end = show_time(period.end).map_or_else(|| "without an end".to_owned(), |end| format!("until {end}"));
    format!("{start} {end}")
}

/// A period as JSON: `{start, end}`, each null where it is open.
#[must_use]
pub fn period_json(period: Period) -> serde_json::Value {
    let start = Some(period.start).filter(|start| *start != Timestamp::MIN).and_then(show_time);
    serde_json::json!({ "start": start, "end": show_time(period.end) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        Token { symbol: "UNIT".into(), decimals: 12 }
    }

    #[test]
    fn amounts_are_exact() {
        assert_eq!(amount("250.5", &token()), Ok(Amount(250_500_000_000_000)));
        assert_eq!(amount("0.000000000001", &token()), Ok(Amount(1)));
        assert_eq!(amount("1", &Token { symbol: "X".into(), decimals: 0 }), Ok(Amount(1)));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "-1", "1,5", ".5", "1 UNIT", "0.0000000000001", "999999999999999999999999999999999999999"] {
            assert!(amount(text, &token()).is_err(), "{text}");
        }
    }

    #[test]
    fn codes_are_parsed_and_others_are_refused_with_what_there_is() {
        assert_eq!(role("doctor"), Ok(Role::Doctor));
        assert_eq!(purpose("HPAYMT"), Ok(Purpose::Hpaymt));
        assert_eq!(action("access"), Ok(Action::Access));
        assert_eq!(class("Observation"), Ok(Class::Observation));
        assert!(role("surgeon").is_err_and(|error| error.contains("doctor, nurse")));
        assert!(purpose("treat").is_err());
    }

    #[test]
    fn times_go_there_and_back() {
        assert_eq!(time("2030-01-01T00:00:00Z"), Ok(Timestamp(1_893_456_000_000)));
        assert_eq!(show_time(Timestamp(1_893_456_000_000)).as_deref(), Some("2030-01-01T00:00:00Z"));
        assert_eq!(show_time(Timestamp::MAX), None);
        assert!(time("2030-01-01").is_err());
        assert!(time("1960-01-01T00:00:00Z").is_err());
        assert_eq!(show_day(Timestamp(1_893_456_000_000)), "2030-01-01");
        assert_eq!(show_period(Period::ALWAYS), "always without an end");
    }

    #[test]
    fn every_day_that_a_document_can_name_is_written_as_it_was() {
        for text in ["1970-01-01", "2028-02-29", "9999-12-30", "9999-12-31"] {
            assert_eq!(salus_fhir::date::day(text).map(show_day).as_deref(), Ok(text));
        }
        assert_eq!(show_day(Timestamp::MAX), "");
    }

    #[test]
    fn record_ids_are_read_with_and_without_prefix() {
        let digits = "ab".repeat(32);
        assert_eq!(record(&digits), Ok(RecordId([0xab; 32])));
        assert_eq!(record(&format!("0x{digits}")), Ok(RecordId([0xab; 32])));
        assert!(record("ab").is_err());
        assert_eq!(claim(&digits), Ok(ClaimId([0xab; 32])));
        assert_eq!(show_claim(ClaimId([0xab; 32])), digits);
        assert!(claim("0").is_err());
    }

    #[test]
    fn durations_are_exact_and_longer_than_nothing() {
        assert_eq!(duration("90m"), Ok(90 * 60_000));
        assert_eq!(duration("7d"), Ok(7 * salus_domain::time::DAY));
        assert_eq!(duration("1w 12h"), Ok(180 * 3_600_000));
        for text in ["", "7", "0s", "-1d", "1 month", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn powers_and_hashes_are_parsed() {
        assert_eq!(power("answer"), Ok(Power::Answer));
        assert!(power("propose").is_err_and(|error| error.contains("record, amend, revoke, answer")));
        assert_eq!(hash(&format!("0x{}", "01".repeat(32))), Ok(Hash([1; 32])));
        assert!(hash("0x01").is_err());
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::from("//Alice".to_owned())), "Secret");
    }
}
