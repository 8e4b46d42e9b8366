//! The accounting of disclosures: everything that access grants told about access to a patient's records.

use super::records::listing;
use super::shares::group;
use super::{history, OperationError, Suite};
use salus_client::history::What;
use salus_client::{client_account, ink_account, AccountId32, Located};
use salus_domain::consent::{Actor, Consent};
use salus_domain::time::Timestamp;
use salus_interface::access::{
    AccessDecided, EmergencyChanged, LinkRedeemed, RecordAmended, RecordErased, RecordRegistered, ReleaseLogged,
};
use std::collections::BTreeSet;

/// Something that bears on who saw a patient's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// Somebody asked for a record, and this was the answer.
    Decided(AccessDecided),
    /// A provider broke the glass; or that was disputed, reviewed or forfeited.
    Emergency(EmergencyChanged),
    /// A share link of the patient's was redeemed.
    Redeemed(LinkRedeemed),
    /// A release service handed out an envelope.
    Released(ReleaseLogged),
    /// A record was registered.
    Registered(RecordRegistered),
    /// A record has a new version.
    Amended(RecordAmended),
    /// A record was erased.
    Erased(RecordErased),
}

/// What happened, where and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub time: Timestamp,
    /// The number of the block.
    pub block: u64,
    /// The place among the events of the block.
    pub event: u32,
    /// What.
    pub happened: Happened,
}

impl Entry {
    /// The decision on access, if it is one.
    #[must_use]
    pub const fn decided(&self) -> Option<&AccessDecided> {
        match &self.happened {
            Happened::Decided(decided) => Some(decided),
            _ => None,
        }
    }
}

/// The accounting of disclosures of `patient`, the earliest first.
///
/// # Errors
/// [`OperationError::Client`], [`OperationError::History`].
pub async fn read(
    suite: &Suite,
    patient: &AccountId32,
    mut progress: impl FnMut(u64),
) -> Result<Vec<Entry>, OperationError> {
    let events = listing::events(suite, &mut progress).await?;
    // Whose link was redeemed is said by the consents alone; most have none.
    let any_link = events.iter().any(|located| located.event.decode::<LinkRedeemed>().is_some());
    let organisations = match any_link {
        true => organisations(suite, patient, progress).await?,
        false => BTreeSet::new(),
    };
    Ok(of(&events, patient, &organisations))
}

/// The organisations that a patient's consents ever named: a link stands for one.
async fn organisations(
    suite: &Suite,
    patient: &AccountId32,
    progress: impl FnMut(u64),
) -> Result<BTreeSet<[u8; 32]>, OperationError> {
    let history = history::read(suite, progress).await?;
    let consents = history.acts_of(ink_account(patient)).filter_map(|act| match &act.what {
        What::Recorded(_, consent) | What::Amended(_, _, consent) | What::Accepted(_, _, consent) => Some(consent),
        _ => None,
    });
    Ok(consents.flat_map(named).collect())
}

fn named(consent: &Consent) -> impl Iterator<Item = [u8; 32]> + '_ {
    consent.provisions.iter().flat_map(|provision| &provision.actors).filter_map(|actor| match actor {
        Actor::Organisation(organisation) => Some(organisation.0),
        Actor::Account(_) | Actor::Role(_) => None,
    })
}

/// What these events of access grants tell about access to a patient's records. `organisations` are those that the patient's
/// consents named.
#[must_use]
pub fn of(events: &[Located], patient: &AccountId32, organisations: &BTreeSet<[u8; 32]>) -> Vec<Entry> {
    let records: BTreeSet<[u8; 32]> = listing::registered(events, patient).iter().map(|record| record.0).collect();
    let id = ink_account(patient);
    let of_patient = |located: &Located| {
        let event = &located.event;
        let own = |is_own: bool, happened: Happened| Some(happened).filter(|_| is_own);
        if let Some(it) = event.decode::<AccessDecided>() {
            own(it.patient == id, Happened::Decided(it))
        } else if let Some(it) = event.decode::<EmergencyChanged>() {
            own(it.patient == id, Happened::Emergency(it))
        } else if let Some(it) = event.decode::<LinkRedeemed>() {
            own(organisations.contains(&group(&client_account(it.link)).0), Happened::Redeemed(it))
        } else if let Some(it) = event.decode::<RecordRegistered>() {
            own(it.patient == id, Happened::Registered(it))
        } else if let Some(it) = event.decode::<RecordAmended>() {
            own(it.patient == id, Happened::Amended(it))
        } else if let Some(it) = event.decode::<RecordErased>() {
            own(it.patient == id, Happened::Erased(it))
        } else {
            event
                .decode::<ReleaseLogged>()
                .and_then(|it| own(records.contains(&it.release.record.0), Happened::Released(it)))
        }
    };
    let entry = |located: &Located| {
        let happened = of_patient(located)?;
        Some(Entry { time: located.time, block: located.block, event: located.event.index, happened })
    };
    events.iter().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use salus_client::{blake2b_256, ContractEvent};
    use salus_domain::ids::{Hash, RecordId};
    use salus_interface::access::Release;
    use salus_interface::event::Event;

    const ROSA: AccountId32 = AccountId32([1; 32]);

    fn located<E: Event>(event: &E) -> Located {
        let topics = vec![blake2b_256(E::SIGNATURE.replace(char::is_whitespace, "").as_bytes())];
        let event = ContractEvent { contract: AccountId32([0; 32]), index: 3, topics, data: event.encode() };
        Located { block: 1, time: Timestamp(1), event }
    }

    #[test]
    fn only_what_is_about_the_patient_is_accounted_for() {
        let redeemed =
            |link: u8| located(&LinkRedeemed { link: [link; 32].into(), provider: [8; 32].into(), key: [0; 32] });
        let erased = |patient: u8| {
            located(&RecordErased {
                patient: [patient; 32].into(),
                record: RecordId([5; 32]),
                by: [patient; 32].into(),
            })
        };
        let release = Release {
            record: RecordId([5; 32]),
            version: 1,
            accessor: [8; 32].into(),
            permit_block: 1,
            permit_event: 1,
            leaf: Hash([0; 32]),
        };
        let released = located(&ReleaseLogged { log: [7; 32].into(), number: 0, release });
        let events = [redeemed(3), redeemed(4), erased(1), erased(2), released];
        let own = of(&events, &ROSA, &BTreeSet::from([group(&AccountId32([3; 32])).0]));
        assert_eq!(own.len(), 2, "{own:?}");
        assert!(matches!(&own[0].happened, Happened::Redeemed(it) if it.link == [3; 32].into()));
        assert!(matches!(&own[1].happened, Happened::Erased(_)));
        assert_eq!((own[0].block, own[0].event), (1, 3));
    }
}
