//! Appeals and reversals: what is said in them, and what the chain tells of it.

use super::secret_of;
use salus_client::{blake2b_256, client_account, AccountId32, Keypair, Located};
use salus_domain::commitment;
use salus_domain::ids::{ClaimId, Hash};
use salus_domain::time::Timestamp;
use salus_interface::claims::{
    Appeal, AppealAnswered, AppealDecided, AppealStatus, ClaimAdjudicated, ClaimAppealed, ClaimReversed,
};

/// The salt of a statement. It follows from the author's secret, the claim and the words: saying the same again gives the same
/// commitment.
#[must_use]
pub fn salt(author: &Keypair, claim: ClaimId, words: &str) -> [u8; 32] {
    let secret = secret_of(author, "salus-appeal-salt");
    blake2b_256(&[secret.as_slice(), &claim.0, words.as_bytes()].concat())
}

/// The commitment to a statement.
#[must_use]
pub fn committed(salt: [u8; 32], words: &str) -> Hash {
    commitment::appeal_statement(&blake2b_256, salt, words)
}

/// What a statement was made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The appeal.
    Appeal,
    /// The insurer's answer.
    Answer,
    /// The ruling.
    Ruling,
    /// The reversal of the claim.
    Reversal,
}

impl Said {
    /// One word for it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Appeal => "appeal",
            Self::Answer => "answer",
            Self::Ruling => "ruling",
            Self::Reversal => "reversal",
        }
    }
}

/// Something that was said about a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// When.
    pub time: Timestamp,
    /// The number of the block.
    pub block: u64,
    /// In what.
    pub said: Said,
    /// By whom; of an answer, the plan's insurer.
    pub by: Option<AccountId32>,
    /// The commitment to the words.
    pub commitment: Hash,
}

/// All that was said about a claim, the earliest first.
#[must_use]
pub fn statements(events: &[Located], claim: ClaimId) -> Vec<Statement> {
    let read = |located: &Located| {
        let event = &located.event;
        let (of, said, by, commitment) = if let Some(it) = event.decode::<ClaimAppealed>() {
            (it.claim, Said::Appeal, Some(it.by), it.statement)
        } else if let Some(it) = event.decode::<AppealAnswered>() {
            (it.claim, Said::Answer, None, it.statement)
        } else if let Some(it) = event.decode::<AppealDecided>() {
            (it.claim, Said::Ruling, Some(it.by), it.statement)
        } else {
            let it = event.decode::<ClaimReversed>()?;
            (it.claim, Said::Reversal, Some(it.by), it.statement)
        };
        let by = by.map(client_account);
        (of == claim).then_some(Statement { time: located.time, block: located.block, said, by, commitment })
    };
    events.iter().filter_map(read).collect()
}

/// Whether the appeal against a claim ended without changing what its insurer had granted.
#[must_use]
pub fn stays_as_granted(events: &[Located], claim: ClaimId) -> bool {
    let (mut granted, mut anew) = (false, false);
    for Located { event, .. } in events {
        if event.decode::<ClaimAdjudicated>().is_some_and(|it| it.claim == claim) {
            anew = true;
        } else if let Some(it) = event.decode::<AppealDecided>().filter(|it| it.claim == claim) {
            if !it.status.is_open() {
                return granted && !anew;
            }
            (granted, anew) = (true, false);
        }
    }
    false
}

/// An appeal that nobody has decided.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    /// The claim.
    pub claim: ClaimId,
    /// Who appealed.
    pub by: AccountId32,
    /// What is asked for, and by when it has to be decided.
    pub appeal: Appeal,
}

/// The appeals that wait, the earliest deadline first.
#[must_use]
pub fn pending(events: &[Located]) -> Vec<Pending> {
    let mut pending: Vec<Pending> = Vec::new();
    for Located { event, .. } in events {
        if let Some(it) = event.decode::<ClaimAppealed>() {
            pending.push(Pending { claim: it.claim, by: client_account(it.by), appeal: it.appeal });
        } else if let Some(it) = event.decode::<AppealDecided>() {
            pending.retain(|one| one.claim != it.claim || it.status.is_open());
            pending.iter_mut().filter(|one| one.claim == it.claim).for_each(|one| one.appeal.status = it.status);
        }
    }
    pending.sort_by_key(|one| (one.appeal.deadline, one.claim));
    pending
}

/// One word for how an appeal stands.
#[must_use]
pub const fn status_code(status: AppealStatus) -> &'static str {
    match status {
        AppealStatus::Open => "open",
        AppealStatus::Granted => "granted",
        AppealStatus::Upheld => "upheld",
        AppealStatus::Overturned => "overturned",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::emitted::{adjudicated, located};
    use salus_client::signer::{from_suri, SignerError};
    use salus_domain::codes::ReasonSet;

    const CLAIM: ClaimId = ClaimId([7; 32]);

    fn appealed(claim: ClaimId, deadline: u64) -> Located {
        let appeal = Appeal { set_aside: ReasonSet::EMPTY, deadline: Timestamp(deadline), status: AppealStatus::Open };
        located(&ClaimAppealed { claim, by: [1; 32].into(), appeal, statement: Hash([1; 32]) })
    }

    #[test]
    fn a_statement_is_committed_to_alike_by_the_same_author_about_the_same_claim_alone() -> Result<(), SignerError> {
        let (eve, dave) = (from_suri("//Eve")?, from_suri("//Dave")?);
        let of = |who, claim, words: &str| committed(salt(who, claim, words), words);
        let one = of(&eve, CLAIM, "it was urgent");
        assert_eq!(one, of(&eve, CLAIM, "it was urgent"));
        for other in [
            of(&dave, CLAIM, "it was urgent"),
            of(&eve, ClaimId([8; 32]), "it was urgent"),
            of(&eve, CLAIM, "it was not urgent"),
        ] {
            assert_ne!(one, other);
        }
        Ok(())
    }

    #[test]
    fn what_was_said_about_a_claim_is_told_in_order_and_of_no_other() {
        let by = [2; 32].into();
        let events = [
            appealed(CLAIM, 9),
            appealed(ClaimId([8; 32]), 9),
            located(&AppealAnswered { claim: CLAIM, statement: Hash([2; 32]) }),
            located(&AppealDecided {
                claim: CLAIM,
                by,
                status: AppealStatus::Upheld,
                set_aside: ReasonSet::EMPTY,
                statement: Hash([3; 32]),
            }),
            located(&ClaimReversed {
                claim: CLAIM,
                by,
                owed: salus_domain::money::Amount(1),
                statement: Hash([4; 32]),
            }),
        ];
        let told = statements(&events, CLAIM);
        assert_eq!(
            told.iter().map(|it| it.said.code()).collect::<Vec<_>>(),
            ["appeal", "answer", "ruling", "reversal"]
        );
        assert_eq!(told.iter().map(|it| it.commitment.0[0]).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    fn ruled(claim: ClaimId, status: AppealStatus) -> Located {
        let (by, set_aside, statement) = ([2; 32].into(), ReasonSet::EMPTY, Hash([3; 32]));
        located(&AppealDecided { claim, by, status, set_aside, statement })
    }

    #[test]
    fn what_was_granted_stays_so_where_the_last_ruling_decided_nothing_anew() {
        let adjudicated = |claim| located(&adjudicated(claim, 10));
        let (granted, ended) = (ruled(CLAIM, AppealStatus::Granted), ruled(CLAIM, AppealStatus::Overturned));
        let other = adjudicated(ClaimId([8; 32]));
        let told = |between: &[&Located]| {
            let mut events = vec![appealed(CLAIM, 9), adjudicated(CLAIM), granted.clone()];
            events.extend(between.iter().map(|it| (*it).clone()));
            events.push(ended.clone());
            stays_as_granted(&events, CLAIM)
        };
        assert!(told(&[]) && told(&[&other]));
        assert!(!told(&[&adjudicated(CLAIM)]));
        assert!(!stays_as_granted(&[appealed(CLAIM, 9), adjudicated(CLAIM), ended.clone()], CLAIM));
        assert!(!stays_as_granted(&[appealed(CLAIM, 9), granted], CLAIM));
    }

    #[test]
    fn appeals_wait_until_they_are_decided_and_the_most_urgent_comes_first() {
        let other = ClaimId([8; 32]);
        let mut events = vec![appealed(CLAIM, 9), appealed(other, 5)];
        assert_eq!(pending(&events).iter().map(|it| it.claim).collect::<Vec<_>>(), [other, CLAIM]);
        events.push(ruled(other, AppealStatus::Overturned));
        assert_eq!(pending(&events).iter().map(|it| it.claim).collect::<Vec<_>>(), [CLAIM]);
    }
}
