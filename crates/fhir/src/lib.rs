//! Compiles FHIR R4 documents (and R5 `Consent`) into the model of `salus-domain`, renders consents back, answers requests by
//! consents that are on no chain ([`simulate`]), and renders what happened to a patient's records as AuditEvents ([`audit`])
//! and what was decided about a claim as ExplanationOfBenefit and the like ([`explain`]).
//!
//! What cannot be expressed faithfully is refused, with the path of the element and the reason ([`Refused`]); nothing
//! that may bear on a decision is skipped (rule 7). Three things keep that promise: one cursor reads every document and
//! refuses each element that nobody read; what decides nothing is passed over by explicit lists; and a provision is only
//! ever made narrower, never wider, and says so ([`consent::Narrowed`]).
//!
//! Pure: no chain, no clock, no files. Every function takes the bytes of one document, and no input makes it panic.

pub mod account;
mod actor;
pub mod audit;
pub mod bundle;
mod category;
pub mod claim;
mod code;
mod coding;
pub mod consent;
pub mod consent_text;
pub mod consult;
pub mod coverage;
pub mod date;
pub mod decimal;
pub mod directory;
mod element;
pub mod eligibility_request;
mod error;
pub mod explain;
pub mod insurance_plan;
mod json;
pub mod people;
pub mod plan;
mod policy;
mod provision;
mod reason;
pub mod record;
mod reference;
pub mod render;
pub mod simulate;

pub use error::{Refusals, Refused, RefusedReason};
pub use json::{MAX_DOCUMENT, MAX_KEY, MAX_NESTING};
