//! The rules of Salus, and nothing else: codes, consent evaluation, adjudication and commitments.
//!
//! Pure and `no_std`: no ink!, no subxt, no FHIR, no clock, no storage. The contracts, the client and the tests call
//! the same [`evaluate::evaluate`] and [`adjudicate::adjudicate`], so that chain and gateway cannot disagree.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod adjudicate;
pub mod claim;
pub mod codes;
pub mod commitment;
pub mod consent;
pub mod counters;
pub mod evaluate;
pub mod ids;
pub mod ledger;
pub mod mandate;
pub mod merkle;
pub mod money;
pub mod plan;
pub mod request;
pub mod time;
