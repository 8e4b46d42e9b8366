//! Dates and times as FHIR writes them: <https://hl7.org/fhir/R4/datatypes.html#dateTime>.
//!
//! A date stands for all of its day, month or year, in UTC, since it has no zone of its own. A time stands for all of its
//! second, or of its millisecond where it has a fraction. `Period.end` is inclusive in FHIR and exclusive in the model.

use crate::element::{Node, Object};
use crate::error::{Refused, RefusedReason};
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use salus_domain::time::{Period, Timestamp, DAY};

/// What a date or time stands for: Unix milliseconds, the end exclusive, perhaps before 1970.
#[derive(Clone, Copy)]
struct Span {
    start: i64,
    end: i64,
    /// The day as it is written, at midnight UTC; `None` for a month or a year.
    day: Option<i64>,
}

impl Span {
    /// The whole of the days that are written.
    fn days(self) -> Self {
        match self.day {
            Some(day) => Self { start: day, end: day + DAY as i64, ..self },
            None => self,
        }
    }

    const fn is_time(self) -> bool {
        self.end - self.start < DAY as i64
    }
}

/// All moments that a FHIR date, dateTime or instant stands for: `2026` is the whole year.
///
/// # Errors
/// [`RefusedReason::NotADate`], [`RefusedReason::DateWithoutZone`], [`RefusedReason::BeforeEpoch`].
pub fn whole(text: &str) -> Result<Period, RefusedReason> {
    let span = span(text)?;
    Ok(Period { start: after_epoch(span.start)?, end: after_epoch(span.end)? })
}

/// A FHIR `instant` or `dateTime`, to the millisecond, in UTC; `None` where FHIR cannot write it.
pub(crate) fn instant(milliseconds: u64) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(i64::try_from(milliseconds).ok()?).ok()?;
    Some(format!("{time:.3}"))
}

/// A FHIR `date`: the day of a moment, in UTC; `None` where FHIR cannot write it.
pub(crate) fn date_of(milliseconds: u64) -> Option<String> {
    civil(milliseconds).map(|date| date.to_string())
}

/// The bounds of a FHIR `Period`, each with its name; the end is inclusive. A bound at midnight UTC is written as a day. A
/// period without a bound begins with the chain's time: an element has something in it. `None` where FHIR cannot write
/// it.
pub(crate) fn bounds(period: Period) -> Option<Vec<(&'static str, String)>> {
    let write = |time: u64, whole: bool| if whole { date_of(time) } else { instant(time) };
    let Period { start: Timestamp(start), end: Timestamp(end) } = period;
    let mut bounds = Vec::new();
    if period.start != Timestamp::MIN || period.end == Timestamp::MAX {
        bounds.push(("start", write(start, start.is_multiple_of(DAY))?));
    }
    if period.end != Timestamp::MAX {
        bounds.push(("end", write(end.saturating_sub(1), end.is_multiple_of(DAY))?));
    }
    Some(bounds)
}

/// Midnight UTC of the day that a FHIR date or dateTime names, as it is written there: its own zone, not UTC, tells the
/// day.
///
/// # Errors
/// [`RefusedReason::NotOneDay`] for a month or a year; those of [`whole`].
pub fn day(text: &str) -> Result<Timestamp, RefusedReason> {
    after_epoch(span(text)?.day.ok_or(RefusedReason::NotOneDay)?)
}

fn after_epoch(milliseconds: i64) -> Result<Timestamp, RefusedReason> {
    u64::try_from(milliseconds).map(Timestamp).map_err(|_| RefusedReason::BeforeEpoch)
}

fn span(text: &str) -> Result<Span, RefusedReason> {
    let bytes = text.as_bytes();
    match bytes.len() {
        4 => {
            let date = date(number(bytes, 0, 4)?, 1, 1)?;
            Ok(days(date, date.days_in_year(), None))
        }
        7 => {
            sign(bytes, 4, b"-")?;
            let date = date(number(bytes, 0, 4)?, number(bytes, 5, 7)?, 1)?;
            Ok(days(date, i16::from(date.days_in_month()), None))
        }
        10 => {
            let date = full_date(bytes)?;
            Ok(days(date, 1, Some(start_of(date))))
        }
        _ => time(bytes),
    }
}

/// `2026-09-30T12:00:00.000+02:00`.
fn time(bytes: &[u8]) -> Result<Span, RefusedReason> {
    let date = full_date(bytes)?;
    sign(bytes, 10, b"T")?;
    sign(bytes, 13, b":")?;
    sign(bytes, 16, b":")?;
    let (hour, minute, second) = (number(bytes, 11, 13)?, number(bytes, 14, 16)?, number(bytes, 17, 19)?);
    let rest = bytes.get(19..).unwrap_or_default();
    let (fraction, zone) = match rest.strip_prefix(b".") {
        Some(rest) => rest.split_at(rest.iter().take_while(|byte| byte.is_ascii_digit()).count()),
        None => (&[][..], rest),
    };
    if fraction.is_empty() && rest.starts_with(b".") {
        return Err(RefusedReason::NotADate);
    }
    let offset = offset(zone)?;
    let small = |number: i16| i8::try_from(number).map_err(|_| RefusedReason::NotADate);
    let time = DateTime::new(date.year(), date.month(), date.day(), small(hour)?, small(minute)?, small(second)?, 0)
        .map_err(|_| RefusedReason::NotADate)?;
    let start = offset.to_timestamp(time).map_err(|_| RefusedReason::NotADate)?.as_millisecond();
    let (start, length) = match fraction.is_empty() {
        true => (start, 1000),
        // Finer than a millisecond is finer than the chain's clock.
        false => {
            (start + (0..3).fold(0, |ms, place| ms * 10 + fraction.get(place).map_or(0, |d| i64::from(d - b'0'))), 1)
        }
    };
    Ok(Span { start, end: start + length, day: Some(start_of(date)) })
}

fn offset(zone: &[u8]) -> Result<Offset, RefusedReason> {
    let east = match zone.first() {
        Some(b'Z') if zone.len() == 1 => return Ok(Offset::UTC),
        Some(b'+') => 1,
        Some(b'-') => -1,
        None => return Err(RefusedReason::DateWithoutZone),
        _ => return Err(RefusedReason::NotADate),
    };
    sign(zone, 3, b":")?;
    let (hours, minutes) = (number(zone, 1, 3)?, number(zone, 4, 6)?);
    if zone.len() != 6 || minutes > 59 || hours * 60 + minutes > 14 * 60 {
        return Err(RefusedReason::NotADate);
    }
    Offset::from_seconds(east * (i32::from(hours) * 3600 + i32::from(minutes) * 60))
        .map_err(|_| RefusedReason::NotADate)
}

fn full_date(bytes: &[u8]) -> Result<Date, RefusedReason> {
    sign(bytes, 4, b"-")?;
    sign(bytes, 7, b"-")?;
    date(number(bytes, 0, 4)?, number(bytes, 5, 7)?, number(bytes, 8, 10)?)
}

fn date(year: i16, month: i16, day: i16) -> Result<Date, RefusedReason> {
    let small = |number: i16| i8::try_from(number).map_err(|_| RefusedReason::NotADate);
    match year {
        1.. => Date::new(year, small(month)?, small(day)?).map_err(|_| RefusedReason::NotADate),
        _ => Err(RefusedReason::NotADate),
    }
}

fn days(first: Date, count: i16, day: Option<i64>) -> Span {
    let start = start_of(first);
    Span { start, end: start + i64::from(count) * DAY as i64, day }
}

/// The same time of the same day, so many years later; on 28 February where the year has no 29th. `None` behind the last
/// year of the calendar.
pub(crate) fn anniversary(start: Timestamp, years: i16) -> Option<Timestamp> {
    let date = civil(start.0)?.checked_add(jiff::Span::new().try_years(years).ok()?).ok()?;
    u64::try_from(start_of(date)).ok()?.checked_add(start.0 % DAY).map(Timestamp)
}

/// The day of a moment, in UTC; `None` behind the last day of the calendar.
fn civil(milliseconds: u64) -> Option<Date> {
    let days = i64::try_from(milliseconds / DAY).ok()?;
    Date::constant(1970, 1, 1).checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

/// Midnight UTC. Not through a timestamp, whose range ends within the year 9999.
fn start_of(date: Date) -> i64 {
    let days = date.since(Date::constant(1970, 1, 1)).map_or(0, |span| i64::from(span.get_days()));
    days * DAY as i64
}

fn sign(bytes: &[u8], place: usize, expected: &[u8]) -> Result<(), RefusedReason> {
    match bytes.get(place..place + expected.len()) == Some(expected) {
        true => Ok(()),
        false => Err(RefusedReason::NotADate),
    }
}

fn number(bytes: &[u8], from: usize, to: usize) -> Result<i16, RefusedReason> {
    let digits = bytes.get(from..to).ok_or(RefusedReason::NotADate)?;
    digits.iter().try_fold(0, |number, digit| match digit {
        b'0'..=b'9' => Ok(number * 10 + i16::from(digit - b'0')),
        _ => Err(RefusedReason::NotADate),
    })
}

/// How a period whose start lies before 1970 is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Early {
    /// As without a start: for what is compared with the chain's clock, which never shows such a time.
    Open,
    /// Refused: for what is compared with data, which may be older still.
    Refuse,
}

/// A FHIR `Period`: <https://hl7.org/fhir/R4/datatypes.html#Period>. A missing bound is open.
pub(crate) fn period(node: &Node<'_>, early: Early) -> Result<Period, Refused> {
    read_period(node, early, |moments| moments)
}

/// The days of a FHIR `Period`, as they are written there, each from midnight UTC on: what [`day`] says is compared with
/// them. A missing bound is open.
pub(crate) fn days_of_period(node: &Node<'_>, early: Early) -> Result<Period, Refused> {
    read_period(node, early, Span::days)
}

/// A period whose bounds are what `kept` leaves of those that are written.
fn read_period(node: &Node<'_>, early: Early, kept: impl Fn(Span) -> Span) -> Result<Period, Refused> {
    node.read(|object| {
        let (start, end) = bounds_of(node, object)?;
        let mut period = Period::ALWAYS;
        if let Some((start, from)) = start {
            period.start = match after_epoch(kept(from).start) {
                Err(_) if early == Early::Open => Timestamp::MIN,
                result => result.map_err(|reason| start.refuse(reason))?,
            };
        }
        if let Some((end, to)) = end {
            period.end = after_epoch(kept(to).end).map_err(|reason| end.refuse(reason))?;
        }
        match period.is_valid() {
            true => Ok(period),
            false => Err(node.refuse(RefusedReason::EmptyPeriod)),
        }
    })
}

/// The bounds of a FHIR `Period` that are there. Of two times, the end is not before the start.
fn bounds_of<'a>(node: &Node<'a>, object: &mut Object<'a>) -> Result<(Option<Bound<'a>>, Option<Bound<'a>>), Refused> {
    object.ignore(&["id"]);
    let mut read = |name: &str| object.optional(name).map(bound).transpose();
    let (start, end) = (read("start")?, read("end")?);
    match (&start, &end) {
        (Some((_, start)), Some((_, end))) if start.is_time() && end.is_time() && end.end <= start.start => {
            Err(node.refuse(RefusedReason::EmptyPeriod))
        }
        _ => Ok((start, end)),
    }
}

type Bound<'a> = (Node<'a>, Span);

fn bound(node: Node<'_>) -> Result<Bound<'_>, Refused> {
    let span = span(node.text()?).map_err(|reason| node.refuse(reason))?;
    Ok((node, span))
}

/// The days of a FHIR date, as they are written there: see [`days_of_period`].
pub(crate) fn days_of(node: &Node<'_>) -> Result<Period, Refused> {
    let (node, span) = bound(node.clone())?;
    let Span { start, end, .. } = span.days();
    let period = after_epoch(start).and_then(|start| Ok(Period { start, end: after_epoch(end)? }));
    period.map_err(|reason| node.refuse(reason))
}

/// Refuses what is no FHIR date, dateTime or instant.
pub(crate) fn ensure_date(node: &Node<'_>) -> Result<(), Refused> {
    bound(node.clone()).map(|_| ())
}

/// The one day of a FHIR `Period`, as it is written there.
pub(crate) fn day_of_period(node: &Node<'_>) -> Result<Timestamp, Refused> {
    node.read(|object| {
        let (start, end) = bounds_of(node, object)?;
        let day = |name: &str, bound: Option<Bound<'_>>| {
            let (node, span) = bound.ok_or_else(|| object.refuse(name, RefusedReason::Missing))?;
            let day = span.day.ok_or(RefusedReason::NotOneDay).and_then(after_epoch);
            day.map_err(|reason| node.refuse(reason))
        };
        let (first, last) = (day("start", start)?, day("end", end)?);
        match first == last {
            true => Ok(first),
            false => Err(node.refuse(RefusedReason::NotOneDay)),
        }
    })
}
