//! Who may act for whom: authorities, the organisations that they accredit, and the credentials that both give. Caller and
//! time are arguments.

use ink::prelude::vec::Vec;
use ink::primitives::AccountId;
use ink::storage::Mapping;
use salus_domain::codes::RoleSet;
use salus_domain::request::Principal;
use salus_domain::time::Timestamp;
use salus_interface::access::{AccessError, Accreditation, Credential, Refusal, Standing};
use salus_interface::account;
use salus_interface::Cells;

/// Authorities, accreditations and credentials.
#[ink::storage_item]
#[derive(Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Credentials {
    authorities: Mapping<AccountId, ()>,
    /// By organisation.
    accredited: Mapping<AccountId, Accreditation>,
    /// By provider; one for each organisation.
    vouched: Mapping<AccountId, Vec<Credential>>,
}

/// As whom somebody counts, and the first moment at which that is no longer so.
pub struct Valid {
    /// As whom.
    pub principal: Principal,
    /// Until when: the earliest end of what it rests on.
    pub until: Timestamp,
}

impl Credentials {
    /// Returns whether it was none before.
    pub fn add_authority(&mut self, authority: AccountId) -> bool {
        self.authorities.insert(authority, &()).is_none()
    }

    /// Fails where it was none.
    pub fn remove_authority(&mut self, authority: AccountId) -> Result<(), AccessError> {
        self.authorities.take(authority).ok_or(AccessError::NotFound)
    }

    /// Whether `account` may vouch.
    pub fn is_authority(&self, account: AccountId) -> bool {
        self.authorities.contains(account)
    }

    /// The guard of what only authorities may do.
    pub fn ensure_authority(&self, caller: AccountId) -> Result<AccountId, AccessError> {
        if self.is_authority(caller) {
            Ok(caller)
        } else {
            Err(AccessError::NotAuthority)
        }
    }

    /// Accredits an organisation, or replaces what the same authority did before. Does not check the authority.
    pub fn accredit(
        &mut self,
        organisation: AccountId,
        accreditation: &Accreditation,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        ensure_lasting(accreditation.roles, accreditation.valid_until, now)?;
        match self.accreditation(organisation) {
            // What a removed authority vouched for is void, and holds nobody else back.
            Some(known) if known.authority != accreditation.authority && self.is_authority(known.authority) => {
                Err(AccessError::OtherIssuer)
            }
            _ => {
                self.accredited.put(&organisation, accreditation);
                Ok(())
            }
        }
    }

    /// What an authority vouched for of `organisation`.
    pub fn accreditation(&self, organisation: AccountId) -> Option<Accreditation> {
        self.accredited.read(&organisation)
    }

    /// The roles that `organisation` may give at `now`, and until when; or why none.
    fn accredited_at(&self, organisation: AccountId, now: Timestamp) -> Result<(RoleSet, Timestamp), Refusal> {
        let known = self.accreditation(organisation).ok_or(Refusal::NotCredentialed)?;
        if !self.is_authority(known.authority) {
            Err(Refusal::NotCredentialed)
        } else if known.suspended {
            Err(Refusal::CredentialSuspended)
        } else if known.valid_until <= now {
            Err(Refusal::CredentialExpired)
        } else {
            Ok((known.roles, known.valid_until))
        }
    }

    /// The roles that a credential gives at `now`, and until when; or why none.
    fn given(&self, credential: &Credential, now: Timestamp) -> Result<(RoleSet, Timestamp), Refusal> {
        // The likelier first: each look is a read of storage.
        let own = if credential.issuer == credential.organisation {
            self.accredited_at(credential.organisation, now)
        } else {
            Err(Refusal::NotCredentialed)
        };
        let suffices = own.is_ok_and(|(roles, _)| credential.roles.is_subset(roles));
        // No accreditation of another authority's takes from what an authority vouched for.
        let (roles, until) =
            if !suffices && self.is_authority(credential.issuer) { (RoleSet::ALL, Timestamp::MAX) } else { own? };
        let roles = roles.intersection(credential.roles);
        if credential.standing != Standing::Good {
            Err(Refusal::CredentialSuspended)
        } else if credential.valid_until <= now {
            Err(Refusal::CredentialExpired)
        } else if roles.is_empty() {
            Err(Refusal::NotCredentialed)
        } else {
            Ok((roles, until.min(credential.valid_until)))
        }
    }

    /// The roles that `issuer` may give somebody at `organisation`: an authority all, the organisation itself those of its
    /// accreditation.
    fn issuable(&self, issuer: AccountId, organisation: AccountId, now: Timestamp) -> Result<RoleSet, AccessError> {
        if self.is_authority(issuer) {
            return Ok(RoleSet::ALL);
        }
        match self.accredited_at(organisation, now) {
            Ok((roles, _)) if issuer == organisation => Ok(roles),
            _ => Err(AccessError::NotAuthority),
        }
    }

    /// The guard of `credential`.
    pub fn ensure_issuer(
        &self,
        caller: AccountId,
        organisation: AccountId,
        roles: RoleSet,
        now: Timestamp,
    ) -> Result<AccountId, AccessError> {
        if !roles.is_subset(self.issuable(caller, organisation, now)?) {
            return Err(AccessError::BeyondAccreditation);
        }
        // Whom a review suspended vouches for nobody; an authority is asked for nobody's leave.
        if caller == organisation && is_barred(&self.of(caller)) && !self.is_authority(caller) {
            return Err(AccessError::Barred);
        }
        Ok(caller)
    }

    /// Adds a credential, or replaces that of the same issuer for the same organisation. Does not check the issuer.
    ///
    /// A cell never gets smaller: of what others paid for, nothing goes back to whoever vouches.
    pub fn vouch(&mut self, provider: AccountId, credential: Credential, now: Timestamp) -> Result<(), AccessError> {
        ensure_lasting(credential.roles, credential.valid_until, now)?;
        let mut credentials = self.of(provider);
        if is_barred(&credentials) {
            self.ensure_lifts(credential.issuer, provider)?;
        }
        let is_full = credentials.len() >= Principal::MAX_ORGANISATIONS;
        let same = credentials.iter().position(|known| known.organisation == credential.organisation);
        // One that is void makes room; a bar is not forgotten.
        let makes_room = |known: &Credential| known.standing != Standing::Barred && self.is_void(known, now);
        let place = if same.is_none() && is_full { credentials.iter().position(makes_room) } else { same };
        match place.and_then(|place| credentials.get_mut(place)) {
            // What is void holds nobody else back.
            Some(known) if known.issuer != credential.issuer && !self.is_void(known, now) => {
                return Err(AccessError::OtherIssuer)
            }
            Some(known) => *known = credential,
            None if is_full => return Err(AccessError::TooManyCredentials),
            None => credentials.push(credential),
        }
        self.vouched.put(&provider, &credentials);
        Ok(())
    }

    /// Whether a credential is over, or of an issuer who could no longer give it.
    fn is_void(&self, credential: &Credential, now: Timestamp) -> bool {
        credential.valid_until <= now || self.issuable(credential.issuer, credential.organisation, now).is_err()
    }

    /// The guard of what lifts a bar: an authority, and not for itself.
    fn ensure_lifts(&self, caller: AccountId, provider: AccountId) -> Result<(), AccessError> {
        if caller != provider && self.is_authority(caller) {
            Ok(())
        } else {
            Err(AccessError::Barred)
        }
    }

    /// Suspends or reinstates a credential for `organisation`, and returns it.
    pub fn suspend(
        &mut self,
        caller: AccountId,
        provider: AccountId,
        organisation: AccountId,
        suspended: bool,
    ) -> Result<Credential, AccessError> {
        if caller != organisation {
            self.ensure_authority(caller)?;
        }
        let mut credentials = self.of(provider);
        let known =
            credentials.iter_mut().find(|known| known.organisation == organisation).ok_or(AccessError::NotFound)?;
        let is_issuer = known.issuer == caller;
        known.standing = match (suspended, known.standing) {
            (true, Standing::Barred) => Standing::Barred,
            (true, _) if is_issuer || caller == organisation => Standing::Suspended,
            (true, _) => Standing::Barred,
            (false, Standing::Barred) => self.ensure_lifts(caller, provider).map(|()| Standing::Good)?,
            (false, _) if is_issuer => Standing::Good,
            (false, _) => return Err(AccessError::OtherIssuer),
        };
        let credential = *known;
        self.vouched.put(&provider, &credentials);
        Ok(credential)
    }

    /// Suspends all credentials of `provider`, as only an authority can lift it. Does not check who calls.
    pub fn bar(&mut self, provider: AccountId) {
        let mut credentials = self.of(provider);
        for credential in &mut credentials {
            credential.standing = Standing::Barred;
        }
        self.vouched.put(&provider, &credentials);
    }

    /// Every credential of `provider`.
    pub fn of(&self, provider: AccountId) -> Vec<Credential> {
        self.vouched.read(&provider).unwrap_or_default()
    }

    /// As whom `provider` counts at `now`, or why as nobody: of several reasons the one that is closest to being let in.
    pub fn valid(&self, provider: AccountId, now: Timestamp) -> Result<Valid, Refusal> {
        let mut organisations = Vec::new();
        let mut roles = RoleSet::EMPTY;
        let mut until = Timestamp::MAX;
        let mut refusal = Refusal::NotCredentialed;
        for credential in self.of(provider) {
            match self.given(&credential, now) {
                Ok((given, end)) => {
                    organisations.push(account(credential.organisation));
                    roles = roles.union(given);
                    until = until.min(end);
                }
                Err(Refusal::CredentialExpired) if refusal == Refusal::NotCredentialed => {
                    refusal = Refusal::CredentialExpired;
                }
                Err(Refusal::CredentialSuspended) => refusal = Refusal::CredentialSuspended,
                Err(_) => {}
            }
        }
        if organisations.is_empty() {
            return Err(refusal);
        }
        Ok(Valid { principal: Principal { account: account(provider), organisations, roles }, until })
    }
}

fn is_barred(credentials: &[Credential]) -> bool {
    credentials.iter().any(|known| known.standing == Standing::Barred)
}

fn ensure_lasting(roles: RoleSet, valid_until: Timestamp, now: Timestamp) -> Result<(), AccessError> {
    if roles.is_empty() {
        Err(AccessError::NoRoles)
    } else if valid_until <= now {
        Err(AccessError::AlreadyOver)
    } else {
        Ok(())
    }
}
