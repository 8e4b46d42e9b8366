//! What a patient shares by a link: one consent for the link, and the keys of the records, wrapped for it.

use super::envelopes::Envelopes;
use super::links::Link;
use super::records::listing::{self, Listed, Viewer};
use super::{account_of, secret_of, OperationError, Suite};
use salus_client::message::Message;
use salus_client::{blake2b_256, client_account, domain_account, ink_account, AccountId32, Evidence, Keypair};
use salus_domain::codes::{Action, Class, ClassSet, ConfidentialitySet, Purpose, PurposeSet};
use salus_domain::commitment::{consent_source, link_group};
use salus_domain::consent::{Actor, Base, Consent, Decision, Provision, MAX_PROVISIONS};
use salus_domain::evaluate::Answer;
use salus_domain::ids::{ConsentId, Hash, RecordId};
use salus_domain::request::{Principal, Request};
use salus_domain::time::{Period, Timestamp};
use salus_interface::access::{AccessError, LinkRedeemed, Record, RecordTerms};
use salus_interface::consent::ConsentSummary;
use salus_vault::{EncryptionPublicKey, VaultError};

/// What of a patient's records is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Those of these classes.
    Classes(Vec<Class>),
    /// These.
    Records(Vec<RecordId>),
}

impl Scope {
    /// Whether a record is within it.
    #[must_use]
    pub fn has(&self, record: RecordId, known: &Record) -> bool {
        match self {
            Self::All => true,
            Self::Classes(classes) => classes.contains(&known.terms.class),
            Self::Records(records) => records.contains(&record),
        }
    }
}

/// The organisation that a link stands for: what consents name, and whoever redeems the link counts as a member of.
#[must_use]
pub fn group(link: &AccountId32) -> AccountId32 {
    AccountId32(link_group(&blake2b_256, domain_account(link)).0)
}

/// The salted commitment that marks a consent as that of a link: with the patient's secret it can be told apart from all
/// others, and by nobody else.
fn mark(patient: &Keypair, group: &AccountId32) -> Hash {
    let salt = secret_of(patient, "salus-share-link");
    consent_source(&blake2b_256, salt, &group.0)
}

/// The consent that a link stands for: whoever redeemed it may access what is within the scope, for the purpose, until then.
///
/// Consents know records by what is said of them. Of single records it therefore permits what is labelled like one of them;
/// which of those the link opens is decided by the keys that are wrapped for it.
///
/// # Errors
/// [`OperationError::ScopeTooWide`] where single records have more different labels than a consent has provisions.
pub fn consent(
    patient: &Keypair,
    link: &AccountId32,
    scope: &Scope,
    records: &[RecordTerms],
    purpose: Purpose,
    until: Timestamp,
) -> Result<Consent, OperationError> {
    let group = group(link);
    let permit = Provision {
        actors: vec![Actor::Organisation(domain_account(&group))],
        actions: Action::Access.into(),
        purposes: PurposeSet::from(purpose),
        ..Provision::new(1, Decision::Permit)
    };
    let mut provisions = Vec::new();
    match scope {
        Scope::All => provisions.push(permit),
        Scope::Classes(classes) => provisions.push(Provision { classes: classes.iter().copied().collect(), ..permit }),
        Scope::Records(_) => {
            for terms in records {
                let labelled = Provision {
                    classes: ClassSet::from(terms.class),
                    confidentiality: ConfidentialitySet::up_to(terms.confidentiality),
                    sensitivity: terms.sensitivity,
                    data_period: terms.data_period,
                    ..permit.clone()
                };
                if !provisions.contains(&labelled) {
                    provisions.push(labelled);
                }
            }
        }
    }
    if provisions.len() > MAX_PROVISIONS {
        return Err(OperationError::ScopeTooWide { labels: provisions.len() });
    }
    let period = Period { start: Timestamp::MIN, end: until };
    Ok(Consent { base: Base::Silent, period, source: mark(patient, &group), provisions })
}

/// The records of the signing patient within a scope, except those that were erased.
///
/// # Errors
/// [`OperationError::NotOwn`] where one that is named is not the patient's, [`OperationError::NothingToShare`].
pub async fn within(
    suite: &Suite,
    patient: &AccountId32,
    scope: &Scope,
    progress: impl FnMut(u64),
) -> Result<Vec<Listed>, OperationError> {
    let viewer = Viewer { account: *patient, purpose: Purpose::Patrqt, link: None };
    let own = listing::visible(suite, patient, viewer, progress).await?;
    if let Scope::Records(records) = scope {
        if let Some(foreign) = records.iter().find(|record| !own.iter().any(|one| one.record == **record)) {
            return Err(OperationError::NotOwn(hex::encode(foreign.0)));
        }
    }
    let found: Vec<Listed> =
        own.into_iter().filter(|one| !one.known.erased && scope.has(one.record, &one.known)).collect();
    match found.is_empty() {
        true => Err(OperationError::NothingToShare),
        false => Ok(found),
    }
}

/// Wraps the keys of records for a link. Returns which of them the vault does not have, or not for the patient.
///
/// # Errors
/// Those of [`Envelopes::share`].
pub async fn wrap(
    suite: &Suite,
    envelopes: &Envelopes,
    patient: &Keypair,
    records: &[Listed],
    link: &Link,
) -> Result<Vec<RecordId>, OperationError> {
    let to = link.encryption_key().public_key();
    let mut missing = Vec::new();
    for one in records {
        match super::records::share_with_key(suite, envelopes, patient, one.record, &to).await {
            Ok(_) => {}
            Err(OperationError::Vault(VaultError::NotFound { .. } | VaultError::NoEnvelope { .. })) => {
                missing.push(one.record);
            }
            Err(OperationError::Release(error)) if matches!(error.code(), Some("not_in_vault" | "no_envelope")) => {
                missing.push(one.record);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(missing)
}

/// Takes back what was wrapped for a link's key. What the vault does not have is passed over.
///
/// # Errors
/// [`OperationError::Vault`], [`OperationError::Release`].
pub async fn unwrap(
    suite: &Suite,
    envelopes: &Envelopes,
    records: &[RecordId],
    key: &EncryptionPublicKey,
) -> Result<usize, OperationError> {
    let mut removed = 0;
    for record in records {
        match envelopes.unshare(suite, *record, key).await {
            Ok(count) => removed += count,
            Err(OperationError::Vault(VaultError::Destroyed { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

/// The records that somebody who redeemed the link would still be refused, by another consent of the patient's; as far as that does
/// not depend on who it is, or in which role.
///
/// # Errors
/// [`OperationError::Client`].
pub async fn held_back(
    suite: &Suite,
    patient: &AccountId32,
    link: &AccountId32,
    records: &[Listed],
    purpose: Purpose,
) -> Result<Vec<RecordId>, OperationError> {
    let registry = suite.deployment.registry();
    let mut held = Vec::new();
    for one in records {
        let terms = one.known.terms;
        let account = domain_account(link);
        let organisations = vec![domain_account(&group(link))];
        let request = Request {
            principal: Principal { account, organisations, roles: Default::default() },
            purpose,
            action: Action::Access,
            confidentiality: Some(terms.confidentiality),
            sensitivity: Some(terms.sensitivity),
            classes: Some(terms.class.into()),
            data_period: terms.data_period,
        };
        let evaluation = registry.decide(ink_account(patient), &request).read(&suite.chain).await?;
        if evaluation.answer != Answer::Permit {
            held.push(one.record);
        }
    }
    Ok(held)
}

/// A link that counts: the consent for it.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The organisation that it stands for.
    pub group: AccountId32,
    /// The id of its consent.
    pub id: ConsentId,
    /// The consent.
    pub consent: Consent,
    /// Who redeemed it, and its account, which is public from then on.
    pub redemption: Option<LinkRedeemed>,
}

/// The links of the signing patient that count.
///
/// # Errors
/// [`OperationError::Client`].
pub async fn standing(
    suite: &Suite,
    patient: &Keypair,
    progress: impl FnMut(u64),
) -> Result<Vec<Standing>, OperationError> {
    let account = account_of(patient);
    let mut all = Vec::new();
    for ConsentSummary { id, .. } in super::consents::in_force(suite, &account).await? {
        let consent = suite.deployment.registry().consent(ink_account(&account), id).read(&suite.chain).await?;
        if let Some((group, consent)) = consent.and_then(|consent| Some((group_of(patient, &consent)?, consent))) {
            all.push(Standing { group, id, consent, redemption: None });
        }
    }
    if all.is_empty() {
        return Ok(all);
    }
    for redeemed in listing::events(suite, progress).await?.iter().filter_map(|it| it.event.decode::<LinkRedeemed>()) {
        let of = group(&client_account(redeemed.link));
        if let Some(one) = all.iter_mut().find(|one| one.group == of) {
            one.redemption = Some(redeemed);
        }
    }
    Ok(all)
}

/// The organisation that a consent is for, if it is that of one of the patient's links.
fn group_of(patient: &Keypair, consent: &Consent) -> Option<AccountId32> {
    let [Actor::Organisation(group)] = consent.provisions.first()?.actors[..] else {
        return None;
    };
    let group = AccountId32(group.0);
    (consent.source == mark(patient, &group)).then_some(group)
}

/// The message that redeems a link for a provider.
///
/// # Errors
/// [`OperationError::Link`] where it is for another chain.
pub fn redeem_message(
    suite: &Suite,
    provider: &AccountId32,
    link: &Link,
) -> Result<Message<(), AccessError>, OperationError> {
    link.ensure_of(&suite.chain)?;
    let signature = link.sign_for(&suite.deployment.access_grants.address, provider);
    let key = *link.encryption_key().public_key().as_bytes();
    Ok(suite.deployment.grants().redeem(ink_account(&link.account()), key, signature))
}

/// Redeems a link, unless the provider has redeemed it before.
///
/// # Errors
/// [`OperationError::Link`], [`OperationError::Access`].
pub async fn redeem(suite: &Suite, provider: &Keypair, link: &Link) -> Result<Option<Evidence>, OperationError> {
    let account = account_of(provider);
    let message = redeem_message(suite, &account, link)?;
    let redeemed = suite.deployment.grants().redemption(ink_account(&link.account())).read(&suite.chain).await?;
    if redeemed.is_some_and(|by| by.provider == ink_account(&account)) {
        return Ok(None);
    }
    Ok(Some(message.submit_final(&suite.chain, provider).await?.evidence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_client::signer::from_suri;
    use salus_domain::codes::{Confidentiality, Sensitivity, SensitivitySet};

    type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

    const LINK: AccountId32 = AccountId32([9; 32]);

    fn terms(class: Class, sensitivity: SensitivitySet) -> RecordTerms {
        RecordTerms {
            commitment: Hash([0; 32]),
            class,
            confidentiality: Confidentiality::N,
            sensitivity,
            data_period: None,
        }
    }

    fn of(scope: &Scope, records: &[RecordTerms]) -> Result<Consent> {
        Ok(consent(&from_suri("//Dave")?, &LINK, scope, records, Purpose::Treat, Timestamp(9))?)
    }

    #[test]
    fn a_consent_for_a_link_is_about_nobody_else_and_ends() -> Result {
        for scope in [Scope::All, Scope::Classes(vec![Class::Observation]), Scope::Records(vec![RecordId([1; 32])])] {
            let consent = of(&scope, &[terms(Class::Observation, SensitivitySet::EMPTY)])?;
            consent.validate().map_err(|malformed| format!("{malformed:?}"))?;
            assert_eq!((consent.base, consent.period.end), (Base::Silent, Timestamp(9)));
            let named =
                consent.provisions.iter().all(|it| it.actors == [Actor::Organisation(domain_account(&group(&LINK)))]);
            assert!(named, "{consent:?}");
        }
        Ok(())
    }

    #[test]
    fn records_that_are_labelled_alike_need_one_provision() -> Result {
        let plain = terms(Class::Observation, SensitivitySet::EMPTY);
        let psychiatric = terms(Class::Observation, SensitivitySet::of(&[Sensitivity::Psy]));
        let scope = Scope::Records(Vec::new());
        assert_eq!(of(&scope, &[plain, plain, psychiatric])?.provisions.len(), 2);
        let many: Vec<RecordTerms> = Class::ALL.iter().map(|class| terms(*class, SensitivitySet::EMPTY)).collect();
        let refused = consent(&from_suri("//Dave")?, &LINK, &scope, &many, Purpose::Treat, Timestamp(9));
        assert!(matches!(refused, Err(OperationError::ScopeTooWide { .. })));
        Ok(())
    }

    #[test]
    fn a_patient_and_nobody_else_tells_the_consent_of_a_link_from_others() -> Result {
        let consent = of(&Scope::All, &[])?;
        assert_eq!(group_of(&from_suri("//Dave")?, &consent), Some(group(&LINK)));
        assert_eq!(group_of(&from_suri("//Eve")?, &consent), None);
        let other = Consent { source: Hash([3; 32]), ..consent };
        assert_eq!(group_of(&from_suri("//Dave")?, &other), None);
        Ok(())
    }
}
