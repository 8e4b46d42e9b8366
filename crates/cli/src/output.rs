//! What a command says: the same facts as lines for people or as one JSON object for programs.

use crate::failure::{Exit, Failure};
use salus_client::{Cost, Evidence, Token};
use serde_json::{json, Map, Value};
use std::borrow::Cow;
use std::future::Future;
use std::io::{self, IsTerminal, Write};

/// The outcome of a command.
#[derive(Clone, Debug)]
pub struct Report {
    fields: Map<String, Value>,
    lines: Vec<String>,
    exit: Exit,
    aside: bool,
    document: Option<String>,
}

impl Default for Report {
    fn default() -> Self {
        Self { fields: Map::new(), lines: Vec::new(), exit: Exit::Done, aside: false, document: None }
    }
}

impl Report {
    /// With a field of the JSON object.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// With a line for people.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// With several lines.
    #[must_use]
    pub fn lines(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.lines.extend(lines);
        self
    }

    /// With another exit code than 0.
    #[must_use]
    pub const fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// With why what is done in batches broke off, where it did.
    #[must_use]
    pub fn broken_off(self, stopped: Option<&Failure>) -> Self {
        let Some(failure) = stopped else { return self };
        self.line(format!("broke off: {}\n  next: {}; then do the same again", failure.message, failure.next_step))
            .field("brokenOff", failure.json())
            .exit(failure.exit)
    }

    /// With its lines on stderr, where stdout belongs to a record's content.
    #[must_use]
    pub const fn aside(mut self) -> Self {
        self.aside = true;
        self
    }

    /// That is a document, to be written as it is: also instead of the JSON object, whose numbers could not be exact.
    #[must_use]
    pub fn document(mut self, text: String) -> Self {
        self.document = Some(text);
        self
    }

    /// The exit code.
    #[must_use]
    pub const fn exit_code(&self) -> Exit {
        self.exit
    }

    /// With where a transaction stands on the chain.
    #[must_use]
    pub fn evidence(self, evidence: &Evidence, token: &Token) -> Self {
        self.field("evidence", evidence_json(evidence)).line(evidence_line(evidence, token))
    }

    /// With what a transaction would need.
    #[must_use]
    pub fn forecast(self, cost: Cost, fee: u128, token: &Token) -> Self {
        self.field("forecast", forecast_json(cost, fee)).line(format!("  {}", cost_line(cost, fee, token)))
    }

    /// Writes it to stdout (its lines to stderr where it is aside). A command that has said all by itself has nothing in it.
    ///
    /// # Errors
    /// As [`write_out`].
    pub fn print(&self, as_json: bool) -> Result<(), Failure> {
        if let Some(document) = &self.document {
            return write_out(format!("{document}\n").as_bytes());
        }
        if as_json && !self.fields.is_empty() {
            return print_json(&Value::Object(self.fields.clone()));
        }
        if as_json || self.lines.is_empty() {
            return Ok(());
        }
        let text = self.lines.join("\n");
        if self.aside {
            say(&text);
            return Ok(());
        }
        write_out(format!("{}\n", visible(&text)).as_bytes())
    }
}

/// Evidence as JSON: `{block, blockHash, extrinsic, fee}`.
#[must_use]
pub fn evidence_json(evidence: &Evidence) -> Value {
    json!({
        "block": evidence.block,
        "blockHash": evidence.block_hash,
        "extrinsic": evidence.extrinsic,
        "fee": evidence.fee.to_string(),
    })
}

/// Evidence in words.
#[must_use]
pub fn evidence_line(evidence: &Evidence, token: &Token) -> String {
    let Evidence { block, block_hash, extrinsic, fee } = evidence;
    format!("  block {block} ({block_hash})\n  extrinsic {extrinsic}, fee {}", token.show(*fee))
}

/// A forecast as JSON: `{refTime, proofSize, deposit, fee}`.
#[must_use]
pub fn forecast_json(cost: Cost, fee: u128) -> Value {
    json!({
        "refTime": cost.ref_time,
        "proofSize": cost.proof_size,
        "deposit": cost.deposit.to_string(),
        "fee": fee.to_string(),
    })
}

/// A forecast in words.
#[must_use]
pub fn cost_line(cost: Cost, fee: u128, token: &Token) -> String {
    let Cost { ref_time, proof_size, deposit } = cost;
    let amount = token.show(deposit.unsigned_abs());
    let deposit = if deposit < 0 { format!("{amount} given back") } else { amount };
    let fee = token.show(fee);
    format!("weight: refTime {ref_time} ps, proofSize {proof_size} bytes; deposit {deposit}, fee {fee}")
}

/// Says why a command failed: as JSON on stdout, or in words on stderr, also where stdout takes nothing.
pub fn print_failure(failure: &Failure, as_json: bool) {
    let in_words = |failure: &Failure| say(&format!("error: {}\n  next: {}", failure.message, failure.next_step));
    if !as_json {
        return in_words(failure);
    }
    if let Err(unwritten) = print_json(&json!({ "error": failure.json() })) {
        in_words(failure);
        in_words(&unwritten);
    }
}

fn print_json(value: &Value) -> Result<(), Failure> {
    write_out(format!("{value:#}\n").as_bytes())
}

/// Writes to stdout. A reader that has gone (`| head`) ends the command's words, not the command.
///
/// # Errors
/// [`Failure`] where stdout cannot be written to: a full disk, for example.
pub fn write_out(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let message = format!("the output cannot be written: {error}");
            Err(Failure::new(Exit::Internal, "output", message, "make room where it is to go"))
        }
        _ => Ok(()),
    }
}

/// Writes lines to stderr. There is nowhere left to complain about an error of it.
pub fn say(lines: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", visible(lines));
}

/// A text in which control characters, but for line breaks, are escaped: what documents call themselves cannot steer the
/// terminal.
fn visible(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && c != '\n';
    if !text.contains(steers) {
        return text.into();
    }
    let escape = |c: char| if steers(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect::<String>().into()
}

/// Tells of a long reading on stderr, where somebody looks at it: the number of the block, every now and then.
pub fn progress() -> impl FnMut(u64) {
    let shown = io::stderr().is_terminal();
    move |block| {
        if shown && block % 100 == 0 {
            let _ = write!(io::stderr().lock(), "\rread up to block {block}   ");
        }
    }
}

/// Reads through blocks with [`progress`], and ends its line.
pub async fn through_blocks<T>(reading: impl Future<Output = T>) -> T {
    let read = reading.await;
    if io::stderr().is_terminal() {
        say("");
    }
    read
}

/// A table with aligned columns: `left` says which of them hold words. The first row is the head.
#[must_use]
pub fn table(rows: &[Vec<String>], left: &[usize]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
                if left.contains(&column) {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_line_breaks_are_not() {
        assert_eq!(visible("a\u{1b}[31mb\r\u{9b}2J\n  ü"), "a\\u{1b}[31mb\\r\\u{9b}2J\n  ü");
        assert!(matches!(visible("claim 0, 2026-09-07\n  next: go on"), Cow::Borrowed(_)));
    }

    #[test]
    fn columns_are_aligned() {
        let rows = [vec!["a".to_owned(), "b".into()], vec!["10".into(), "bcd".into()]];
        assert_eq!(table(&rows, &[1]), [" a  b", "10  bcd"]);
    }

    #[test]
    fn amounts_in_json_are_strings_of_the_smallest_unit() {
        let cost = Cost { ref_time: 1, proof_size: 2, deposit: -3 };
        let forecast = forecast_json(cost, u128::MAX);
        assert_eq!(forecast["deposit"], "-3");
        assert_eq!(forecast["fee"], u128::MAX.to_string());
    }

    #[test]
    fn a_refund_is_called_one() {
        let token = Token { symbol: "UNIT".into(), decimals: 1 };
        let cost = Cost { deposit: -15, ..Cost::default() };
        assert!(cost_line(cost, 1, &token).ends_with("deposit 1.5 UNIT given back, fee 0.1 UNIT"));
    }
}
