//! Doing something with a patient's consents: as the patient or as a proxy, one thing or several together.

use crate::context::{Carried, GlobalOptions};
use crate::failure::Failure;
use crate::operations::consents::{self, Author};
use crate::operations::documents::Document;
use crate::operations::orders::{order, sentences};
use crate::operations::{account_of, Suite};
use crate::output::Report;
use salus_client::message::Executed;
use salus_client::relay::MAX_INPUT;
use salus_client::{AccountId32, ClientError, Keypair};
use salus_fhir::consent::CompiledConsent;
use salus_fhir::consent_text;
use salus_fhir::directory::Directory;
use salus_interface::consent::{Done, Instruction, Order};
use serde_json::{json, Value};
use std::path::Path;

/// For whom a command acts.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ForWhom {
    /// The patient for whom the signer acts as a proxy: an account, or a reference of the directory [default: the signer]
    #[arg(long = "for", value_name = "PATIENT")]
    pub patient: Option<String>,
}

/// Who acts, and for whom.
pub struct Acting {
    /// Who signs.
    pub signer: Keypair,
    /// The patient.
    pub patient: AccountId32,
    /// By which accounts a document may name the patient.
    named: Vec<AccountId32>,
}

impl Acting {
    /// The signer for itself, or for the patient who is named.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn new(global: &GlobalOptions, for_whom: &ForWhom) -> Result<Self, Failure> {
        let signer = global.signer()?;
        let own = account_of(&signer);
        let patient = for_whom.patient.as_deref().map_or(Ok(own), |patient| global.account(patient))?;
        let named = if patient == own { global.own_accounts()? } else { vec![patient] };
        Ok(Self { signer, patient, named })
    }

    /// The order to do something for the patient.
    #[must_use]
    pub fn order(&self, instruction: Instruction) -> Order {
        order(&self.patient, instruction)
    }

    /// The consent of a document that the patient has decided on.
    ///
    /// # Errors
    /// [`Failure`], also where the document is only proposed.
    pub fn compile(&self, file: &Path, directory: &Directory) -> Result<CompiledConsent, Failure> {
        let author = Author { key: &self.signer, patient: self.patient, named: self.named.clone() };
        let compiled = consents::compile_by(&Document::read(file)?, directory, &author)?;
        if consents::is_decided(&compiled) {
            return Ok(compiled);
        }
        Err(Failure::input(
            "document.proposed",
            format!("{}: the patient has not decided yet: its status is proposed", file.display()),
            "set the status to active once the patient agrees; who asks for it sends it with `salus proposal send`",
        ))
    }

    /// Does it. The answer is what the transaction told.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn carry(
        &self,
        global: &GlobalOptions,
        suite: &Suite,
        instruction: &Instruction,
    ) -> Result<Carried<Done>, Failure> {
        let all = self.carry_all(global, suite, &[self.order(instruction.clone())]).await?;
        let done = all.answer().first().copied().ok_or(ClientError::NoEvent("OrdersCarriedOut"))?;
        Ok(all.told(|_| done, |_| Ok::<_, ClientError>(done))?)
    }

    /// Carries out several orders in one transaction, all or none.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn carry_all(
        &self,
        global: &GlobalOptions,
        Suite { chain, deployment }: &Suite,
        orders: &[Order],
    ) -> Result<Carried<Vec<Done>>, Failure> {
        let message = deployment.registry().carry_out(orders);
        if message.input().len() > MAX_INPUT {
            return Err(Failure::input(
                "input.tooMuch",
                format!("that is more than one transaction can carry out together ({MAX_INPUT} bytes)"),
                "give fewer documents at a time",
            ));
        }
        let carried = global.carry_out(chain, &self.signer, &message).await?;
        let all = |executed: &Executed<Vec<Done>>| {
            let all: Vec<Done> = executed.carried_out().into_iter().map(|order| order.done).collect();
            let complete = all.len() == executed.forecast.len();
            if complete {
                Ok(all)
            } else {
                Err(ClientError::NoEvent("OrdersCarriedOut"))
            }
        };
        Ok(carried.told(Vec::clone, all)?)
    }
}

/// Begins a report on something that was done for a patient.
#[must_use]
pub fn report(
    suite: &Suite,
    acting: &Acting,
    instruction: &Instruction,
    carried: &Carried<Done>,
    directory: &Directory,
) -> Report {
    let (would, did) = sentences(instruction, *carried.answer(), directory);
    let suffix = match account_of(&acting.signer) == acting.patient {
        true => String::new(),
        false => format!(", for {}", acting.patient),
    };
    let report = carried.report(suite.chain.token(), &format!("{would}{suffix}"), &format!("{did}{suffix}"));
    report.field("patient", acting.patient.to_string())
}

/// A compiled consent as JSON: `{text, narrowed [{path, what}]}`, and in words.
#[must_use]
pub fn text_of(compiled: &CompiledConsent, directory: &Directory) -> (Value, Vec<String>) {
    let text = consent_text::lines(&compiled.consent, directory);
    let narrowed: Vec<Value> = compiled.narrowed.iter().map(|it| json!({ "path": it.path, "what": it.what })).collect();
    let warnings = compiled.narrowed.iter().map(|it| format!("narrower than the document at {}: {}", it.path, it.what));
    let lines = text.iter().cloned().chain(warnings).collect();
    (json!({ "text": text, "narrowed": narrowed }), lines)
}

impl Report {
    /// With each field of a JSON object.
    #[must_use]
    pub fn fields(self, object: Value) -> Self {
        match object {
            Value::Object(fields) => fields.into_iter().fold(self, |report, (name, value)| report.field(&name, value)),
            _ => self,
        }
    }
}
