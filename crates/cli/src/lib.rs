//! What the `salus` command does: operations that tie chain, FHIR documents and vault together, the commands that call
//! them, and the story that plays them all.

pub mod batches;
pub mod bundles;
pub mod cli;
pub mod commands;
pub mod context;
pub mod demo;
pub mod deployments;
pub mod failure;
pub mod operations;
pub mod output;
pub mod service;
pub mod values;
