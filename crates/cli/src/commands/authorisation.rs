//! `salus authorisation`: prior authorisation of procedures.

mod steps;

use crate::context::GlobalOptions;
use crate::failure::Failure;
use crate::operations::authorisations::{self, show_tag, status_code, Service, Subject};
use crate::operations::claims::ConsortiumKey;
use crate::operations::documents::Document;
use crate::operations::orders::name;
use crate::operations::{account_of, plans};
use crate::output::{progress, table, through_blocks, Report};
use crate::values::{self, show_time};
use salus_client::{ink_account, CallError};
use salus_domain::ids::{CodeTag, PlanId};
use salus_domain::time::{Timestamp, DAY};
use salus_interface::claims::{Authorisation, ClaimsError};
use serde_json::json;
use std::path::PathBuf;
use steps::{quantified, units_of, with_subject, Steps};

/// `salus authorisation`.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum AuthorisationCommand {
    /// Ask for prior authorisation. The provider's
    #[command(after_help = "Example:
  salus authorisation request 0 --member Patient/rosa-marin --code http://www.ama-assn.org/go/cpt|70551 \
--consortium-key-file consortium.key --directory samples/directory.json --suri //Charlie
  salus authorisation request 0 preauthorization.json --consortium-key-file consortium.key --directory samples/directory.json \
--suri //Charlie

Where the insurer does not decide within the plan's deadline, it counts as granted. What is asked for already is left as it is: doing it
again changes nothing, and says how it stands. Send the insurer the Claim: the chain has a keyed tag of each code only.

JSON: dryRun, plan, member, provider, services [{code, tag, quantity, changed, status|null (of one that is left as it is: requested|
granted-by-silence|granted|refused), standing|null (of such a one, how many units were asked for before, or are left)}],
evidence|forecast (a list: one for each service that was asked for).")]
    Request {
        /// Of what.
        #[command(flatten)]
        asked: Asked,
        /// Who is to treat: an account, or a reference of the directory [default: the signer]
        #[arg(long, value_name = "ACCOUNT")]
        provider: Option<String>,
    },
    /// Grant prior authorisation, whether it was asked for or not. The insurer's
    #[command(after_help = "Example:
  salus authorisation grant 0 --member Patient/rosa-marin --provider Practitioner/dr-adams \
--code http://www.ama-assn.org/go/cpt|70551 --until 2027-01-01T00:00:00Z --consortium-key-file consortium.key \
--directory samples/directory.json --suri //Eve
  salus authorisation grant 0 preauthorization.json --until 2027-01-01T00:00:00Z --consortium-key-file consortium.key \
--directory samples/directory.json --suri //Eve

It replaces what was decided before.

JSON: dryRun, plan, member, provider, services [{code, tag, quantity, changed, status: null, standing: null}], until, evidence|forecast (a list: one for
each service).")]
    Grant {
        /// Of what, and by whom.
        #[command(flatten)]
        named: Named,
        /// The last moment at which a service may be given (RFC 3339)
        #[arg(long, value_name = "TIME", value_parser = values::time)]
        until: Timestamp,
    },
    /// Refuse prior authorisation that is not granted. The insurer's
    #[command(after_help = "Example:
  salus authorisation refuse 0 --member Patient/rosa-marin --provider Practitioner/dr-adams \
--code http://www.ama-assn.org/go/cpt|70551 --consortium-key-file consortium.key --directory samples/directory.json --suri //Eve

JSON: dryRun, plan, member, provider, services [{code, tag, quantity, changed, status: null, standing: null}], evidence|forecast (a list: one for each
service).")]
    Refuse(Named),
    /// Show how prior authorisations stand
    #[command(after_help = "Example:
  salus authorisation show 0 --member Patient/rosa-marin --provider Practitioner/dr-adams \
--code http://www.ama-assn.org/go/cpt|70551 --consortium-key-file consortium.key --directory samples/directory.json

JSON: plan, member, provider, services [{code, tag, status: none|requested|granted-by-silence|granted|refused, quantity|null (asked for,
or left), deadline|null, until|null}].")]
    Show(Named),
    /// List the requests that the insurer has not decided: read from the events of the chain
    #[command(after_help = "Example:
  salus authorisation list 0 --directory samples/directory.json

Wants a node that keeps its states. --code takes a tag as it stands here.

JSON: plan, requests [{member, provider, tag, quantity, deadline}].")]
    List {
        /// The plan's number
        plan: u32,
    },
}

/// For whom, and of what.
#[derive(Clone, Debug, clap::Args)]
pub struct Asked {
    /// The plan's number
    plan: u32,
    /// A FHIR R4 Claim with the use preauthorization
    #[arg(conflicts_with_all = ["member", "provider", "codes", "quantity"])]
    file: Option<PathBuf>,
    /// Who is to be treated: an account, or a reference of the directory
    #[arg(long, value_name = "ACCOUNT", required_unless_present = "file")]
    member: Option<String>,
    /// A procedure: its code system and code, or its tag. Repeatable
    #[arg(long = "code", value_name = "SYSTEM|CODE", required_unless_present = "file")]
    codes: Vec<String>,
    /// How many units of each
    #[arg(long, value_name = "UNITS", default_value = "1")]
    quantity: u32,
}

/// For whom, of what, and by whom.
#[derive(Clone, Debug, clap::Args)]
pub struct Named {
    #[command(flatten)]
    asked: Asked,
    /// Who is to treat: an account, or a reference of the directory
    #[arg(long, value_name = "ACCOUNT", required_unless_present = "file")]
    provider: Option<String>,
}

impl Named {
    fn subject(&self, global: &GlobalOptions) -> Result<Subject, Failure> {
        self.asked.subject(global, self.provider.as_deref())
    }
}

/// Does what the command says.
///
/// # Errors
/// [`Failure`].
pub async fn run(global: &GlobalOptions, command: &AuthorisationCommand) -> Result<Report, Failure> {
    match command {
        AuthorisationCommand::Request { asked, provider } => request(global, asked, provider.as_deref()).await,
        AuthorisationCommand::Grant { named, until } => decide(global, named, Some(*until)).await,
        AuthorisationCommand::Refuse(named) => decide(global, named, None).await,
        AuthorisationCommand::Show(named) => show(global, named).await,
        AuthorisationCommand::List { plan } => list(global, PlanId(*plan)).await,
    }
}

impl Asked {
    /// What is meant. Who is to treat is `provider`, or else who signs; in a file it says itself.
    fn subject(&self, global: &GlobalOptions, provider: Option<&str>) -> Result<Subject, Failure> {
        if let Some(file) = &self.file {
            let document = Document::read(file)?;
            return Ok(authorisations::subject(&document, &global.directory()?, &global.consortium_key()?)?);
        }
        let member = global.account(self.member.as_deref().unwrap_or_default())?;
        let provider = global.account_or_signer(provider)?;
        let mut services: Vec<Service> = Vec::new();
        for text in &self.codes {
            let code = match tag_of(text) {
                Some(tag) => tag,
                None => coded(text, &global.consortium_key()?)?,
            };
            if services.iter().all(|other| other.code != code) {
                services.push(Service { name: text.clone(), code, quantity: self.quantity });
            }
        }
        Ok(Subject { member, provider, services })
    }
}

/// A tag as `salus authorisation list` writes it.
fn tag_of(text: &str) -> Option<CodeTag> {
    let mut tag = [0; 16];
    hex::decode_to_slice(text, &mut tag).ok()?;
    Some(CodeTag(tag))
}

fn coded(text: &str, key: &ConsortiumKey) -> Result<CodeTag, Failure> {
    match text.split_once('|') {
        Some((system, code)) if !system.is_empty() && !code.is_empty() => Ok(authorisations::tag(key, system, code)),
        _ => Err(Failure::input(
            "input.code",
            format!("{text} is no procedure"),
            "give its code system and code, for example http://www.ama-assn.org/go/cpt|70551, or its tag",
        )),
    }
}

async fn request(global: &GlobalOptions, asked: &Asked, provider: Option<&str>) -> Result<Report, Failure> {
    let (provider, subject) = (global.signer()?, asked.subject(global, provider)?);
    if account_of(&provider) != subject.provider {
        return Err(Failure::input(
            "document.otherParty",
            format!("{} is to treat, and another account signs", subject.provider),
            "sign as the provider",
        ));
    }
    let suite = global.suite().await?;
    let (plan, member) = (PlanId(asked.plan), ink_account(&subject.member));
    let claims = suite.deployment.claims();
    let mut done = Steps::default();
    for service in &subject.services {
        let message = claims.request_authorisation(plan, member, service.code, service.quantity);
        if let Err(CallError::Refused(ClaimsError::AlreadyRequested)) =
            message.dry_run(&suite.chain, &subject.provider).await
        {
            done.leave(&suite, service, subject.procedure(plan, service)).await?;
        } else {
            done.step(global, &suite, &provider, service, &message).await?;
        }
    }
    let what = format!("of {} to {}", done.changed(quantified), subject.member);
    let words = [format!("ask for authorisation {what}"), format!("authorisation {what} is asked for")];
    Ok(done.report(global, asked.plan, &subject, &words))
}

async fn decide(global: &GlobalOptions, named: &Named, until: Option<Timestamp>) -> Result<Report, Failure> {
    let (insurer, subject) = (global.signer()?, named.subject(global)?);
    let suite = global.suite().await?;
    ensure_lasts(until, suite.chain.now().await?)?;
    let claims = suite.deployment.claims();
    let mut done = Steps::default();
    for service in &subject.services {
        let procedure = subject.procedure(PlanId(named.asked.plan), service);
        let message = claims.decide_authorisation(procedure, until.map(|until| (service.quantity, until)));
        done.step(global, &suite, &insurer, service, &message).await?;
    }
    // A refusal is of any quantity.
    let services = done.changed(if until.is_some() { quantified } else { |it: &Service| it.name.clone() });
    let what = format!("{services} to {} by {}", subject.member, subject.provider);
    let end = until.and_then(show_time);
    let words = match &end {
        Some(end) => [format!("authorise {what} until {end}"), format!("authorised until {end}: {what}")],
        None => [format!("refuse to authorise {what}"), format!("refused: {what}")],
    };
    let report = done.report(global, named.asked.plan, &subject, &words);
    Ok(match end {
        Some(end) => report.field("until", end),
        None => report,
    })
}

/// What is granted until a day that is over is granted for nothing that is still to come.
fn ensure_lasts(until: Option<Timestamp>, now: Timestamp) -> Result<(), Failure> {
    match until {
        Some(until) if until.0 / DAY < now.0 / DAY => {
            let message = format!("{} is over", show_time(until).unwrap_or_default());
            let next = "give a later end (--until): services that were given before are authorised as well";
            Err(Failure::input("input.until", message, next))
        }
        _ => Ok(()),
    }
}

async fn show(global: &GlobalOptions, named: &Named) -> Result<Report, Failure> {
    let (subject, directory) = (named.subject(global)?, global.directory()?);
    let plan = PlanId(named.asked.plan);
    let suite = global.suite().await?;
    let now = suite.chain.now().await?;
    let (member, provider) = (name(&directory, &subject.member.0), name(&directory, &subject.provider.0));
    let mut report = Report::default().line(format!("{member} by {provider}, under plan {}", plan.0));
    let mut list = Vec::new();
    for service in &subject.services {
        let found = authorisations::standing(&suite, subject.procedure(plan, service)).await?;
        let status = status_code(found.as_ref(), now);
        let (deadline, until) = match found {
            Some(Authorisation::Requested { deadline, .. }) => (show_time(deadline), None),
            Some(Authorisation::Granted { until, .. }) => (None, show_time(until)),
            Some(Authorisation::Refused) | None => (None, None),
        };
        let quantity = units_of(found.as_ref());
        let units = quantity.map(|quantity| format!(", {quantity} units")).unwrap_or_default();
        let end = until.as_ref().map(|until| format!(" left until {until}")).unwrap_or_default();
        let decides = deadline.as_ref().map(|deadline| format!(", decided until {deadline}")).unwrap_or_default();
        report = report.line(format!("  {}: {status}{units}{end}{decides}", service.name));
        list.push(json!({
            "code": service.name,
            "tag": show_tag(service.code),
            "status": status,
            "quantity": quantity,
            "deadline": deadline,
            "until": until,
        }));
    }
    Ok(with_subject(report, plan.0, &subject).field("services", list))
}

async fn list(global: &GlobalOptions, plan: PlanId) -> Result<Report, Failure> {
    let directory = global.directory()?;
    let suite = global.suite().await?;
    plans::plan(&suite, plan).await?;
    let pending = authorisations::pending(&through_blocks(plans::events(&suite, progress())).await?, plan);
    let mut rows = vec![["member", "provider", "tag", "units", "decided until"].map(str::to_owned).to_vec()];
    let mut list = Vec::new();
    for it in &pending {
        let deadline = show_time(it.deadline).unwrap_or_default();
        rows.push(vec![
            name(&directory, &it.member.0),
            name(&directory, &it.provider.0),
            show_tag(it.code),
            it.quantity.to_string(),
            deadline.clone(),
        ]);
        list.push(json!({
            "member": it.member.to_string(),
            "provider": it.provider.to_string(),
            "tag": show_tag(it.code),
            "quantity": it.quantity,
            "deadline": deadline,
        }));
    }
    let is_empty = list.is_empty();
    let report = Report::default().field("plan", plan.0).field("requests", list);
    Ok(match is_empty {
        true => report.line(format!("no request under plan {} waits", plan.0)),
        false => report.lines(table(&rows, &[0, 1, 2, 4])),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_granted_until_a_day_that_is_over() {
        let (now, hour) = (Timestamp(400 * DAY + DAY / 2), DAY / 24);
        assert_eq!(ensure_lasts(Some(Timestamp(400 * DAY)), now), Ok(()), "today's services");
        assert_eq!(ensure_lasts(None, now), Ok(()));
        let over = ensure_lasts(Some(Timestamp(400 * DAY - hour)), now);
        assert!(over.is_err_and(|failure| failure.code == "input.until"));
    }

    #[test]
    fn a_procedure_is_named_by_system_and_code_or_by_its_tag() {
        let key = ConsortiumKey([1; 32]);
        let tag = coded("http://www.ama-assn.org/go/cpt|70551", &key);
        assert_eq!(tag, Ok(authorisations::tag(&key, "http://www.ama-assn.org/go/cpt", "70551")));
        for text in ["70551", "|70551", "http://www.ama-assn.org/go/cpt|"] {
            assert!(coded(text, &key).is_err_and(|failure| failure.code == "input.code"), "{text}");
        }
        let tag = CodeTag([0xab; 16]);
        assert_eq!(tag_of(&show_tag(tag)), Some(tag));
        assert_eq!(tag_of("70551"), None);
    }
}
