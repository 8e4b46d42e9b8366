//! Access grants as plain lists and maps: nothing is clever here, and nothing is shared with the contract but the types.

use super::testing::id;
use super::EMERGENCY_TERMS;
use ink::primitives::AccountId;
use salus_domain::codes::{Purpose, Role, RoleSet};
use salus_domain::ids::{Hash, RecordId};
use salus_domain::request::Principal;
use salus_domain::time::Timestamp;
use salus_interface::access::{
    AccessDecision, AccessError, Accreditation, Agreement, Anchor, Condition, Credential, Emergency, EmergencyGround,
    EmergencyState, Finding, Ground, Log, Record, RecordTerms, Redemption, Refusal, Release, Side, Standing, Vouched,
    PERMIT_LIFETIME,
};
use std::collections::BTreeMap;

/// The governor.
pub const GOVERNOR: u8 = 0;

/// What somebody does, with people by number and records by their place.
#[derive(Clone, Debug)]
pub enum Step {
    Wait(u64),
    AddAuthority(u8),
    RemoveAuthority(u8),
    Accredit(u8, RoleSet, u64, bool),
    Vouch(u8, u8, RoleSet, u64),
    Suspend(u8, u8, bool),
    PublishKey(u8),
    RevokeKey,
    Register(u8, RecordTerms),
    Amend(usize, RecordTerms),
    /// By the patient, or of a record that is not there: the engine does not ask who is a proxy.
    Erase(usize),
    SetCondition(usize, Option<Condition>),
    SetAgreement(usize, u8, Option<(u32, Purpose, u64)>),
    /// Which link, which key, and whether it signed that.
    Redeem(u8, u8, bool),
    Ask(usize, Purpose, Option<u8>),
    /// Of whom, and what is sent: the bond, less or more.
    BreakGlass(u8, i8),
    /// By the patient itself.
    Dispute(u8),
    Review(u8, u8, Finding),
    Forfeit(u8, u8),
    /// To which size, and of which of two logs that part at their third entry.
    Anchor(u64, bool),
    LogRelease(u64),
}

/// What a step gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    Nothing,
    Record(RecordId),
    Version(u32),
    Decision(AccessDecision),
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub now: Timestamp,
    pub authorities: Vec<AccountId>,
    pub accredited: BTreeMap<AccountId, Accreditation>,
    pub vouched: BTreeMap<AccountId, Vec<Credential>>,
    pub keys: BTreeMap<AccountId, [u8; 32]>,
    pub records: Vec<(RecordId, Record)>,
    pub conditions: BTreeMap<(usize, bool), Condition>,
    pub agreements: BTreeMap<(usize, AccountId, AccountId), Agreement>,
    pub redeemed: BTreeMap<u8, Redemption>,
    pub emergencies: BTreeMap<(AccountId, AccountId), Emergency>,
    pub logs: BTreeMap<AccountId, Log>,
    /// Which of the two logs each anchor is of; up to the third entry they are the same.
    pub forked: BTreeMap<AccountId, bool>,
    /// What everybody has been paid, and has paid in bonds.
    pub paid: BTreeMap<AccountId, u128>,
    pub sent: BTreeMap<AccountId, u128>,
}

fn needs(condition: bool, error: AccessError) -> Result<(), AccessError> {
    if condition {
        Ok(())
    } else {
        Err(error)
    }
}

impl Model {
    fn is_authority(&self, who: AccountId) -> bool {
        self.authorities.contains(&who)
    }

    /// The accreditation of an organisation, where it counts.
    fn accredited_now(&self, organisation: AccountId) -> Option<Accreditation> {
        let known = *self.accredited.get(&organisation)?;
        (self.is_authority(known.authority) && !known.suspended && known.valid_until > self.now).then_some(known)
    }

    fn is_barred(&self, who: AccountId) -> bool {
        self.vouched.get(&who).is_some_and(|all| all.iter().any(|one| one.standing == Standing::Barred))
    }

    /// Whether a credential is over, or of one who is neither an authority nor accredited. That its issuer is barred, and
    /// vouches for nobody anew, takes nothing from whom it vouched for before.
    fn is_void(&self, one: &Credential) -> bool {
        let organisation = one.issuer == one.organisation && self.accredited_now(one.organisation).is_some();
        one.valid_until <= self.now || !self.is_authority(one.issuer) && !organisation
    }

    /// What a credential gives now, and until when.
    fn gives(&self, one: &Credential) -> Option<(RoleSet, Timestamp)> {
        if one.standing != Standing::Good || one.valid_until <= self.now {
            return None;
        }
        let by_itself = one.issuer == one.organisation;
        let within = self.accredited_now(one.organisation).filter(|_| by_itself);
        if let Some(within) = within.filter(|within| one.roles.iter().all(|role| within.roles.contains(role))) {
            return Some((one.roles, one.valid_until.min(within.valid_until)));
        }
        if self.is_authority(one.issuer) {
            return Some((one.roles, one.valid_until));
        }
        let within = within?;
        let roles: RoleSet = one.roles.iter().filter(|role| within.roles.contains(*role)).collect();
        (!roles.is_empty()).then_some((roles, one.valid_until.min(within.valid_until)))
    }

    pub fn vouched(&self, who: AccountId) -> Vouched {
        Vouched {
            is_authority: self.is_authority(who),
            accreditation: self.accredited.get(&who).copied(),
            credentials: self.vouched.get(&who).cloned().unwrap_or_default(),
        }
    }

    pub fn principal(&self, who: AccountId) -> Option<(Principal, Timestamp)> {
        let all = self.vouched.get(&who).cloned().unwrap_or_default();
        let good: Vec<_> = all.iter().filter_map(|one| Some((one.organisation, self.gives(one)?))).collect();
        let until = good.iter().map(|(_, (_, until))| *until).min()?;
        let roles = [Role::Doctor, Role::Nurse, Role::Researcher];
        let roles = roles.into_iter().filter(|role| good.iter().any(|(_, (roles, _))| roles.contains(*role)));
        let organisations = good.iter().map(|(organisation, _)| salus_interface::account(*organisation)).collect();
        let account = salus_interface::account(who);
        Some((Principal { account, organisations, roles: roles.collect() }, until))
    }

    fn is_over_or_bad(&self, roles: RoleSet, until: Timestamp) -> Result<(), AccessError> {
        needs(!roles.is_empty(), AccessError::NoRoles)?;
        needs(until > self.now, AccessError::AlreadyOver)
    }

    /// What a message of `caller`'s gives, and how many events it is worth; it changes nothing where it is refused. `key`
    /// and `root` look up what the test made for a number.
    pub fn take(&mut self, caller: u8, step: &Step, ids: &Ids) -> Result<(Given, usize), AccessError> {
        let (who, now) = (id(caller), self.now);
        match step {
            Step::Wait(_) => return Ok((Given::Nothing, 0)),
            Step::AddAuthority(named) => {
                needs(caller == GOVERNOR, AccessError::NotGovernor)?;
                if self.is_authority(id(*named)) {
                    return Ok((Given::Nothing, 0));
                }
                self.authorities.push(id(*named));
            }
            Step::RemoveAuthority(named) => {
                needs(caller == GOVERNOR, AccessError::NotGovernor)?;
                needs(self.is_authority(id(*named)), AccessError::NotFound)?;
                self.authorities.retain(|one| *one != id(*named));
            }
            Step::Accredit(organisation, roles, until, suspended) => {
                needs(self.is_authority(who), AccessError::NotAuthority)?;
                self.is_over_or_bad(*roles, Timestamp(*until))?;
                if let Some(known) = self.accredited.get(&id(*organisation)) {
                    let anothers = known.authority != who && self.is_authority(known.authority);
                    needs(!anothers, AccessError::OtherIssuer)?;
                }
                let (roles, valid_until, suspended) = (*roles, Timestamp(*until), *suspended);
                let new = Accreditation { authority: who, roles, valid_until, suspended };
                self.accredited.insert(id(*organisation), new);
            }
            Step::Vouch(provider, organisation, roles, until) => {
                let (organisation, valid_until, roles) = (id(*organisation), Timestamp(*until), *roles);
                if !self.is_authority(who) {
                    let own = self.accredited_now(organisation).filter(|_| who == organisation);
                    let own = own.ok_or(AccessError::NotAuthority)?;
                    let within = roles.iter().all(|role| own.roles.contains(role));
                    needs(within, AccessError::BeyondAccreditation)?;
                    needs(!self.is_barred(who), AccessError::Barred)?;
                }
                self.is_over_or_bad(roles, valid_until)?;
                let may_lift = self.is_authority(who) && caller != *provider;
                needs(may_lift || !self.is_barred(id(*provider)), AccessError::Barred)?;
                let mut all = self.vouched.get(&id(*provider)).cloned().unwrap_or_default();
                let new = Credential { issuer: who, organisation, roles, valid_until, standing: Standing::Good };
                if let Some(place) = all.iter().position(|one| one.organisation == organisation) {
                    let is_free = all[place].issuer == who || self.is_void(&all[place]);
                    needs(is_free, AccessError::OtherIssuer)?;
                    all[place] = new;
                } else if all.len() < Principal::MAX_ORGANISATIONS {
                    all.push(new);
                } else {
                    let free = |one: &Credential| one.standing != Standing::Barred && self.is_void(one);
                    let place = all.iter().position(free).ok_or(AccessError::TooManyCredentials)?;
                    all[place] = new;
                }
                self.vouched.insert(id(*provider), all);
            }
            Step::Suspend(provider, organisation, suspended) => {
                let organisation = id(*organisation);
                let is_authority = self.is_authority(who);
                needs(is_authority || who == organisation, AccessError::NotAuthority)?;
                let all = self.vouched.get(&id(*provider)).cloned().unwrap_or_default();
                let place = all.iter().position(|one| one.organisation == organisation);
                let place = place.ok_or(AccessError::NotFound)?;
                let (is_own, before) = (all[place].issuer == who, all[place].standing);
                let next = if *suspended {
                    let lesser = is_own || who == organisation;
                    if lesser && before != Standing::Barred {
                        Standing::Suspended
                    } else {
                        Standing::Barred
                    }
                } else if before == Standing::Barred {
                    needs(is_authority && caller != *provider, AccessError::Barred)?;
                    Standing::Good
                } else {
                    needs(is_own, AccessError::OtherIssuer)?;
                    Standing::Good
                };
                if let Some(one) = self.vouched.get_mut(&id(*provider)).and_then(|all| all.get_mut(place)) {
                    one.standing = next;
                }
            }
            Step::PublishKey(key) => {
                needs(*key != 0, AccessError::WeakKey)?;
                self.keys.insert(who, [*key; 32]);
            }
            Step::RevokeKey => {
                self.keys.remove(&who).ok_or(AccessError::NotFound)?;
            }
            Step::Register(patient, terms) => {
                let may = caller == *patient || self.principal(who).is_some();
                needs(may, AccessError::NotCredentialed)?;
                self.ensure_period(terms)?;
                let record = (ids.record)(caller, terms);
                needs(self.records.iter().all(|(known, _)| *known != record), AccessError::AlreadyRegistered)?;
                let new = Record {
                    patient: id(*patient),
                    custodian: who,
                    version: 1,
                    terms: *terms,
                    patient_condition: false,
                    custodian_condition: false,
                    erased: false,
                };
                self.records.push((record, new));
                return Ok((Given::Record(record), 1));
            }
            Step::Amend(place, terms) => {
                let known = self.standing(*place)?;
                needs(known.custodian == who, AccessError::NotCustodian)?;
                let may = known.patient == who || self.principal(who).is_some();
                needs(may, AccessError::NotCredentialed)?;
                self.ensure_period(terms)?;
                self.records[*place].1 = Record { version: known.version + 1, terms: *terms, ..known };
                return Ok((Given::Version(known.version + 1), 1));
            }
            Step::Erase(place) => {
                self.standing(*place)?;
                self.records[*place].1.erased = true;
            }
            Step::SetCondition(place, condition) => {
                let known = self.records.get(*place).ok_or(AccessError::NotFound)?.1;
                let patients = known.patient == who;
                needs(patients || known.custodian == who, AccessError::NotCustodian)?;
                needs(patients || self.principal(who).is_some(), AccessError::NotCredentialed)?;
                needs(!known.erased || condition.is_none(), AccessError::Erased)?;
                match condition {
                    None => {
                        self.conditions.remove(&(*place, patients));
                    }
                    Some(text) => {
                        let mut sorted = text.parties.clone();
                        sorted.sort();
                        sorted.dedup();
                        let (count, needed) = (sorted.len(), usize::from(text.needed));
                        let is_good = sorted == text.parties && count <= 8 && needed >= 1 && needed <= count;
                        needs(is_good, AccessError::BadCondition)?;
                        self.conditions.insert((*place, patients), text.clone());
                    }
                }
                let record = &mut self.records[*place].1;
                let flag = if patients { &mut record.patient_condition } else { &mut record.custodian_condition };
                *flag = condition.is_some();
            }
            Step::SetAgreement(place, accessor, agreement) => {
                let known = self.records.get(*place).ok_or(AccessError::NotFound)?.1;
                let key = (*place, id(*accessor), who);
                match agreement {
                    None => {
                        self.agreements.remove(&key).ok_or(AccessError::NotFound)?;
                    }
                    Some((version, purpose, until)) => {
                        needs(!known.erased, AccessError::Erased)?;
                        let sides = [true, false].into_iter().filter_map(|side| self.conditions.get(&(*place, side)));
                        let is_named = sides.into_iter().any(|condition| condition.parties.contains(&who));
                        needs(is_named, AccessError::NotParty)?;
                        needs(Timestamp(*until) > now, AccessError::AlreadyOver)?;
                        let (version, purpose, until) = (*version, *purpose, Timestamp(*until));
                        self.agreements.insert(key, Agreement { version, purpose, until });
                    }
                }
            }
            Step::Redeem(link, key, signed) => {
                needs(self.principal(who).is_some(), AccessError::NotCredentialed)?;
                needs(*key != 0, AccessError::WeakKey)?;
                needs(*signed, AccessError::BadSignature)?;
                let new = Redemption { provider: who, key: [*key; 32] };
                match self.redeemed.get(link) {
                    Some(known) if *known == new => return Ok((Given::Nothing, 0)),
                    Some(_) => return Err(AccessError::AlreadyRedeemed),
                    None => self.redeemed.insert(*link, new),
                };
            }
            Step::Ask(place, purpose, link) => {
                let decision = self.decides(who, *place, *purpose, *link)?.ok_or(AccessError::ConsentRegistryFailed)?;
                return Ok((Given::Decision(decision), 1));
            }
            Step::BreakGlass(patient, off) => {
                needs(self.principal(who).is_some(), AccessError::NotCredentialed)?;
                needs(*off == 0, AccessError::WrongBond)?;
                needs(caller != *patient, AccessError::OwnEmergency)?;
                let last = self.emergencies.get(&(who, id(*patient)));
                needs(!last.is_some_and(is_open), AccessError::EmergencyOpen)?;
                let new = Emergency {
                    number: last.map_or(1, |last| last.number + 1),
                    ground: EmergencyGround::ThreatToPatient,
                    statement: Hash([caller; 32]),
                    bond: EMERGENCY_TERMS.bond,
                    access_until: now.plus(EMERGENCY_TERMS.access),
                    review_until: now.plus(EMERGENCY_TERMS.review),
                    state: EmergencyState::Open,
                };
                *self.sent.entry(who).or_default() += new.bond.0;
                self.emergencies.insert((who, id(*patient)), new);
            }
            Step::Dispute(provider) => {
                let one = self.open(id(*provider), who)?;
                needs(now < one.review_until, AccessError::ReviewOver)?;
                let access_until = one.access_until.min(now);
                let disputed = Emergency { state: EmergencyState::Disputed, access_until, ..one };
                self.emergencies.insert((id(*provider), who), disputed);
            }
            Step::Review(provider, patient, finding) => {
                needs(self.is_authority(who), AccessError::NotAuthority)?;
                needs(caller != *provider && caller != *patient, AccessError::OwnEmergency)?;
                let one = self.open(id(*provider), id(*patient))?;
                needs(now < one.review_until, AccessError::ReviewOver)?;
                let (state, to) = match finding {
                    Finding::Justified => {
                        needs(now >= one.access_until, AccessError::ReviewTooEarly)?;
                        (EmergencyState::Justified, *provider)
                    }
                    Finding::Unjustified { suspend: false } => (EmergencyState::Unjustified, *patient),
                    Finding::Unjustified { suspend: true } => {
                        for one in self.vouched.entry(id(*provider)).or_default() {
                            one.standing = Standing::Barred;
                        }
                        (EmergencyState::Barred, *patient)
                    }
                };
                self.close(*provider, *patient, state, to);
            }
            Step::Forfeit(provider, patient) => {
                let one = self.open(id(*provider), id(*patient))?;
                needs(now >= one.review_until, AccessError::ReviewNotOver)?;
                self.close(*provider, *patient, EmergencyState::Unreviewed, *patient);
            }
            Step::Anchor(size, forked) => {
                let log = self.logs.get(&who).copied().unwrap_or_default();
                let before = log.anchor.map_or(0, |anchor| anchor.size);
                let was_forked = self.forked.get(&who).copied().unwrap_or_default();
                // Two logs that are the same up to the third entry.
                let continues = *size >= before && (before <= 2 || was_forked == *forked);
                needs(continues, AccessError::NotConsistent)?;
                if *size == before {
                    return Ok((Given::Nothing, 0));
                }
                self.forked.insert(who, *forked);
                let anchor = Some(Anchor { size: *size, root: (ids.root)(*size, *forked), at: now });
                self.logs.insert(who, Log { anchor, ..log });
            }
            Step::LogRelease(number) => {
                let log = self.logs.get(&who).copied().unwrap_or_default();
                needs(*number == log.written, AccessError::OutOfOrder)?;
                self.logs.insert(who, Log { written: number + 1, ..log });
            }
        }
        Ok((Given::Nothing, 1))
    }

    fn ensure_period(&self, terms: &RecordTerms) -> Result<(), AccessError> {
        needs(terms.data_period.is_none_or(|period| period.start < period.end), AccessError::EmptyPeriod)
    }

    fn standing(&self, place: usize) -> Result<Record, AccessError> {
        let known = self.records.get(place).ok_or(AccessError::NotFound)?.1;
        needs(!known.erased, AccessError::Erased)?;
        Ok(known)
    }

    fn open(&self, provider: AccountId, patient: AccountId) -> Result<Emergency, AccessError> {
        let one = self.emergencies.get(&(provider, patient)).ok_or(AccessError::NotFound)?;
        needs(is_open(one), AccessError::EmergencyClosed)?;
        Ok(*one)
    }

    fn close(&mut self, provider: u8, patient: u8, state: EmergencyState, to: u8) {
        if let Some(one) = self.emergencies.get_mut(&(id(provider), id(patient))) {
            one.state = state;
            *self.paid.entry(id(to)).or_default() += one.bond.0;
        }
    }

    /// What is held for emergencies that are not closed.
    pub fn held(&self) -> u128 {
        self.emergencies.values().filter(|one| is_open(one)).map(|one| one.bond.0).sum()
    }

    /// What is decided without the consent registry; `None`: it is asked.
    pub fn decides(
        &self,
        who: AccountId,
        place: usize,
        purpose: Purpose,
        link: Option<u8>,
    ) -> Result<Option<AccessDecision>, AccessError> {
        let record = self.records.get(place).ok_or(AccessError::NotFound)?.1;
        let refused = |refusal| Ok(Some(AccessDecision::Refused(refusal)));
        let permitted = |ground, until: Timestamp| {
            let until = until.min(self.now.plus(PERMIT_LIFETIME));
            Ok(Some(AccessDecision::Permitted { version: record.version, ground, until }))
        };
        if record.erased {
            return refused(Refusal::Erased);
        }
        if record.patient == who {
            return permitted(Ground::Patient, Timestamp::MAX);
        }
        let Some((_, until)) = self.principal(who) else {
            return refused(self.why_nobody(who));
        };
        if let Some(one) = self.emergencies.get(&(who, record.patient)).filter(|_| purpose == Purpose::Btg) {
            if one.state == EmergencyState::Open && self.now < one.access_until {
                return permitted(Ground::Emergency { number: one.number }, until.min(one.access_until));
            }
        }
        if let Some(link) = link {
            if self.redeemed.get(&link).map(|known| known.provider) != Some(who) {
                return refused(Refusal::NotRedeemed);
            }
        }
        Ok(None)
    }

    fn why_nobody(&self, who: AccountId) -> Refusal {
        let all = self.vouched.get(&who).cloned().unwrap_or_default();
        let why = |one: &Credential| {
            let own = self
                .accredited
                .get(&one.organisation)
                .filter(|known| one.issuer == one.organisation && self.is_authority(known.authority));
            match own {
                _ if self.is_authority(one.issuer) => {}
                None => return Refusal::NotCredentialed,
                Some(known) if known.suspended => return Refusal::CredentialSuspended,
                Some(known) if known.valid_until <= self.now => return Refusal::CredentialExpired,
                Some(_) => {}
            }
            if one.standing != Standing::Good {
                Refusal::CredentialSuspended
            } else if one.valid_until <= self.now {
                Refusal::CredentialExpired
            } else {
                Refusal::NotCredentialed
            }
        };
        let all: Vec<_> = all.iter().map(why).collect();
        let nearest = [Refusal::CredentialSuspended, Refusal::CredentialExpired];
        nearest.into_iter().find(|one| all.contains(one)).unwrap_or(Refusal::NotCredentialed)
    }

    pub fn condition(&self, place: usize, side: Side) -> Option<Condition> {
        self.conditions.get(&(place, side == Side::Patient)).cloned()
    }
}

fn is_open(one: &Emergency) -> bool {
    one.state == EmergencyState::Open || one.state == EmergencyState::Disputed
}

/// What the test knows by number.
pub struct Ids<'a> {
    /// The id of what somebody registers.
    pub record: &'a dyn Fn(u8, &RecordTerms) -> RecordId,
    /// The root of a log.
    pub root: &'a dyn Fn(u64, bool) -> Hash,
}

/// What is written as an entry of a log.
pub fn released(number: u64) -> Release {
    super::logs::release(number as u8)
}
