//! Exchanging the key of an account for the next one, where its envelopes are behind a release service: they are collected
//! against permits while the old key is still on the chain, and wrapped anew for the next one.

use super::envelopes::{await_final, collect, Handed};
use super::records::{self, listing, Asked, Permit};
use super::{account_of, keys, OperationError, Suite};
use salus_client::{ink_account, Evidence, Keypair};
use salus_domain::codes::{Action, Purpose};
use salus_domain::ids::RecordId;
use salus_interface::access::{AccessDecided, AccessDecision, RecordRegistered};
use salus_release::client::ReleaseClient;
use salus_vault::{rewrap, RecordRef};
use std::collections::BTreeMap;

/// What exchanging a key behind a service did.
#[derive(Debug, Default)]
pub struct Exchanged {
    /// Where the next key was published.
    pub evidence: Option<Evidence>,
    /// The versions that have an envelope for the next key.
    pub moved: Vec<RecordRef>,
    /// The records that are no longer released to the account.
    pub refused: Vec<RecordId>,
    /// The records of the account, as patient or custodian, for which there was no envelope for the key that was published.
    pub without: Vec<RecordId>,
    /// What failed, and why.
    pub failed: Vec<(RecordRef, OperationError)>,
}

/// For what the account may collect a record, and whether it may take envelopes of it out of the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reach {
    purpose: Purpose,
    action: Action,
    is_own: bool,
}

/// The records that the account has, keeps, or was let into.
async fn within_reach(
    suite: &Suite,
    account: &Keypair,
    progress: impl FnMut(u64),
) -> Result<BTreeMap<[u8; 32], Reach>, OperationError> {
    let own = ink_account(&account_of(account));
    let mut found = BTreeMap::new();
    for located in listing::events(suite, progress).await? {
        if let Some(RecordRegistered { patient, record, custodian, .. }) = located.event.decode() {
            if patient == own || custodian == own {
                let purpose = if patient == own { Purpose::Patrqt } else { Purpose::Treat };
                found.insert(record.0, Reach { purpose, action: Action::Access, is_own: true });
            }
        } else if let Some(it) = located.event.decode::<AccessDecided>() {
            let is_let_in = matches!(it.decision, AccessDecision::Permitted { .. });
            if is_let_in && it.accessor == own && it.link.is_none() {
                let reach = Reach { purpose: it.purpose, action: it.action, is_own: false };
                found.entry(it.record.0).or_insert(reach);
            }
        }
    }
    Ok(found)
}

/// Exchanges the key that is published for the one with the number `new`. Of each record, the newest version is moved. An envelope for
/// the old key stays where the account is neither patient nor custodian: it may not take it out.
///
/// # Errors
/// [`OperationError::Client`], [`OperationError::Access`] where the next key cannot be published. What is wrong with single records
/// is in [`Exchanged`].
pub async fn exchange(
    suite: &Suite,
    client: &ReleaseClient,
    account: &Keypair,
    new: u32,
    progress: impl FnMut(u64),
) -> Result<Exchanged, OperationError> {
    let mut done = Exchanged::default();
    let mut collected: Vec<(Permit, Handed, bool)> = Vec::new();
    for (record, Reach { purpose, action, is_own }) in within_reach(suite, account, progress).await? {
        let record = RecordId(record);
        let known = records::on_chain(suite, record).await?;
        if known.erased {
            continue;
        }
        let permit = match records::permit(suite, account, Asked { record, purpose, action, link: None }).await {
            Ok(permit) => permit,
            Err(OperationError::AccessRefused(_)) => {
                done.refused.push(record);
                continue;
            }
            Err(error) => return Err(error),
        };
        match collect(client, account, &permit, None).await {
            Ok(handed) => collected.push((permit, handed, is_own)),
            Err(OperationError::Release(error)) if error.code() == Some("no_envelope") => {
                if is_own {
                    done.without.push(record);
                }
            }
            Err(OperationError::Release(error)) if error.code() == Some("not_in_vault") => {}
            Err(error) => done.failed.push((permit.version, error)),
        }
    }
    if !done.without.is_empty() || !done.failed.is_empty() {
        // With the next key on the chain, what is not collected now could not be collected any more.
        return Ok(done);
    }
    done.evidence = keys::publish(suite, account, new).await?;
    if let Some(evidence) = &done.evidence {
        await_final(client, evidence.block).await?;
    }
    for (permit, handed, is_own) in collected {
        match replace(client, account, &permit, &handed, new, is_own).await {
            Ok(()) => done.moved.push(permit.version),
            Err(error) => done.failed.push((permit.version, error)),
        }
    }
    Ok(done)
}

async fn replace(
    client: &ReleaseClient,
    account: &Keypair,
    permit: &Permit,
    handed: &Handed,
    new: u32,
    is_own: bool,
) -> Result<(), OperationError> {
    let to = keys::encryption_key(account, new).public_key();
    let envelope = rewrap(permit.version, &handed.envelope, &handed.pair, &to)?;
    match client.put_envelope(permit.version, &to, envelope).await {
        Ok(_) => {}
        Err(error) if error.code() == Some("other_envelope") => {}
        Err(error) => return Err(error.into()),
    }
    if is_own {
        client.remove_envelope(permit.version, &handed.pair.public_key()).await?;
    }
    Ok(())
}
