//! `salus relay submit`.

use super::{signed_json, Orders};
use crate::context::GlobalOptions;
use crate::failure::{Exit, Failure};
use crate::operations::orders::{done_field, sentences};
use crate::operations::Suite;
use crate::output::{cost_line, evidence_json, evidence_line, forecast_json, Report};
use salus_client::relay::{self, Expected, Outcome, Outlook, Relayed};
use salus_client::{client_account, ink_account, CallError, Token};
use salus_domain::ids::Hash;
use salus_fhir::directory::Directory;
use salus_interface::consent::{ConsentError, Done, Place, RelayError, SignedOrder};
use serde_json::{json, Value};
use std::path::PathBuf;

/// How an order stands in the report.
enum Standing {
    Done(Done, Option<usize>),
    Refused(RelayError),
    Pending,
    Later,
}

/// The orders, each with the file that it is from.
struct Given {
    files: Vec<String>,
    orders: Vec<SignedOrder>,
}

/// Relays the orders of the files.
///
/// # Errors
/// [`Failure`] where nothing could be relayed; an order that is refused is no failure but ends with [`Exit::Refused`].
pub async fn submit(global: &GlobalOptions, files: &[PathBuf]) -> Result<Report, Failure> {
    let (relayer, directory) = (global.signer()?, global.directory()?);
    let all = files.iter().map(|file| Orders::read(file)).collect::<Result<Vec<_>, _>>()?;
    let Suite { chain, deployment } = global.suite().await?;
    let registry = deployment.registry();
    let here = Place { genesis: Hash(chain.genesis_hash()), contract: ink_account(registry.address()) };
    let given = gather(all, &here)?;
    if global.dry_run {
        let outlook = relay::forecast(&chain, &relayer, &registry, &given.orders).await?;
        return Ok(planned(&given, outlook, &directory, chain.token()));
    }
    let relayed = relay::submit(&chain, &relayer, &registry, &given.orders).await;
    Ok(done(&given, relayed, &directory, chain.token()))
}

/// All orders together; those of another place would be refused there.
fn gather(all: Vec<Orders>, here: &Place) -> Result<Given, Failure> {
    let mut given = Given { files: Vec::new(), orders: Vec::new() };
    for Orders { file, place, signed } in all {
        let elsewhere = match () {
            () if place.genesis != here.genesis => Some(ConsentError::OtherChain),
            () if place.contract != here.contract => Some(ConsentError::OtherContract),
            () => None,
        };
        if let Some(error) = elsewhere {
            let refused = Failure::from(CallError::Refused(error));
            let message = format!("{file}: {}", refused.message);
            return Err(Failure { message, ..refused });
        }
        given.files.extend(signed.iter().map(|_| file.clone()));
        given.orders.extend(signed);
    }
    Ok(given)
}

fn planned(given: &Given, outlook: Outlook, directory: &Directory, token: &Token) -> Report {
    let mut report = Report::default().planned("relay these:");
    let standing = outlook.expected.into_iter().map(|expected| match expected {
        Expected::Done(done) => Standing::Done(done, None),
        Expected::Refused(error) => Standing::Refused(error),
        Expected::Later => Standing::Later,
    });
    report = with_orders(report, given, standing, directory, true);
    let mut transactions = Vec::new();
    for forecast in outlook.transactions {
        report = report.line(format!(
            "  transaction of {}: {}",
            forecast.value,
            cost_line(forecast.cost, forecast.fee, token)
        ));
        transactions.push(forecast_json(forecast.cost, forecast.fee));
    }
    report.field("transactions", transactions).field("stopped", Value::Null)
}

fn done(given: &Given, relayed: Relayed, directory: &Directory, token: &Token) -> Report {
    let Relayed { outcomes, transactions, stopped } = relayed;
    let count = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Done(..))).count();
    let report = Report::default().done(&format!("carried out: {count} of {}", given.orders.len()));
    let standing = outcomes.into_iter().map(|outcome| match outcome {
        Outcome::Done(done, transaction) => Standing::Done(done, Some(transaction)),
        Outcome::Refused(error) => Standing::Refused(error),
        Outcome::Pending => Standing::Pending,
    });
    let mut report = with_orders(report, given, standing, directory, false);
    report = report
        .lines(transactions.iter().map(|evidence| evidence_line(evidence, token)))
        .field("transactions", transactions.iter().map(evidence_json).collect::<Vec<_>>());
    let Some(stopped) = stopped.map(Failure::from) else {
        return report.field("stopped", Value::Null);
    };
    let Failure { exit, code, rule, message, next_step } = stopped;
    report
        .line(format!("it stopped before the end: {message}\n  next: {next_step}; then relay the same again, which does nothing twice"))
        .field("stopped", json!({ "code": code, "rule": rule, "nextStep": next_step, "message": message }))
        .exit(exit)
}

fn with_orders(
    mut report: Report,
    given: &Given,
    standing: impl Iterator<Item = Standing>,
    directory: &Directory,
    dry_run: bool,
) -> Report {
    let (mut list, mut done, mut refused, mut pending) = (Vec::new(), 0, 0, 0);
    for ((file, signed), standing) in given.files.iter().zip(&given.orders).zip(standing) {
        let who = format!("{file}: nonce {} of {}", signed.nonce, client_account(signed.signer()));
        let mut json = signed_json(signed, directory);
        json["file"] = file.clone().into();
        let (word, line) = match standing {
            Standing::Done(what, transaction) => {
                done += 1;
                json["transaction"] = transaction.into();
                if let Some((name, value)) = done_field(what) {
                    json[name] = value.into();
                }
                let (would, did) = sentences(&signed.order.instruction, what, directory);
                ("done", if dry_run { format!("would {would}") } else { did })
            }
            Standing::Refused(error) => {
                refused += 1;
                let Failure { code, rule, message, next_step, .. } = error.into();
                let line = format!("{message}\n    next: {next_step}");
                json["code"] = code.into();
                json["rule"] = rule.into();
                json["nextStep"] = next_step.into();
                ("refused", line)
            }
            Standing::Pending => {
                pending += 1;
                ("pending", "was not tried, or it is not known what became of it".to_owned())
            }
            Standing::Later => ("later", "can be told once the orders before it are carried out".to_owned()),
        };
        json["outcome"] = word.into();
        report = report.line(format!("  {who}: {line}"));
        list.push(json);
    }
    let exit = if refused > 0 { Exit::Refused } else { Exit::Done };
    report.field("orders", list).field("done", done).field("refused", refused).field("pending", pending).exit(exit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_client::{signer, AccountId32, Evidence};
    use salus_domain::ids::ConsentId;
    use salus_domain::time::Timestamp;
    use salus_interface::consent::{Instruction, Order};

    fn place(genesis: u8, contract: u8) -> Place {
        Place { genesis: Hash([genesis; 32]), contract: ink_account(&AccountId32([contract; 32])) }
    }

    fn orders(place: Place, count: u32) -> Result<Orders, Box<dyn std::error::Error>> {
        let patient = signer::from_suri("//Dave")?;
        let account = ink_account(&patient.public_key().to_account_id());
        let sign = |nonce| {
            let order = Order { patient: account, instruction: Instruction::Revoke(ConsentId(nonce)) };
            relay::sign(&patient, &place, order, nonce, Timestamp(1))
        };
        Ok(Orders { file: "a.json".into(), place, signed: (0..count).map(sign).collect() })
    }

    #[test]
    fn orders_for_another_place_are_refused_before_anything_is_relayed() -> Result<(), Box<dyn std::error::Error>> {
        let code = |there| Ok::<_, Box<dyn std::error::Error>>(gather(vec![orders(there, 1)?], &place(1, 1)).err());
        let code = |there| code(there).map(|failure| failure.map(|failure| (failure.exit, failure.code)));
        assert_eq!(code(place(1, 1))?, None);
        assert_eq!(code(place(2, 1))?, Some((Exit::Refused, "consent.OtherChain".to_owned())));
        assert_eq!(code(place(1, 2))?, Some((Exit::Refused, "consent.OtherContract".to_owned())));
        Ok(())
    }

    #[test]
    fn one_refused_order_makes_the_outcome_a_refusal() -> Result<(), Box<dyn std::error::Error>> {
        let given = gather(vec![orders(place(1, 1), 2)?], &place(1, 1)).map_err(|failure| failure.message)?;
        let evidence = Evidence { block: 1, block_hash: String::new(), extrinsic: String::new(), fee: 0 };
        let token = Token { symbol: "UNIT".into(), decimals: 12 };
        let with = |second| Relayed {
            outcomes: vec![Outcome::Done(Done::Revoked(1), 0), second],
            transactions: vec![evidence.clone()],
            stopped: None,
        };
        let exit = |relayed| done(&given, relayed, &Directory::default(), &token).exit_code();
        assert_eq!(exit(with(Outcome::Done(Done::Revoked(1), 0))), Exit::Done);
        assert_eq!(exit(with(Outcome::Refused(RelayError::NonceUsed))), Exit::Refused);
        let stopped = Some(CallError::Client(salus_client::ClientError::Node("gone".into())));
        assert_eq!(exit(Relayed { stopped, ..with(Outcome::Pending) }), Exit::Chain);
        Ok(())
    }
}
