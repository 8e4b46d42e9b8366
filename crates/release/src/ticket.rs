//! Tickets: the ciphertext of a version for whoever was handed an envelope of it.

use hmac::{Hmac, Mac};
use salus_domain::ids::Account;
use salus_domain::time::Timestamp;
use salus_vault::RecordRef;
use scale::Encode;
use sha2::Sha256;

/// For how long a ticket is good, in milliseconds: 15 minutes.
pub const TICKET_LIFETIME: u64 = 15 * 60 * 1_000;

/// Makes and checks tickets. Its key lives as long as the process: a restart makes all tickets worthless, and the next
/// release gives another one.
pub(crate) struct Tickets {
    key: [u8; 32],
}

/// Why a ticket is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadTicket {
    /// It is not one of this service's for that version and account.
    Invalid,
    /// It is over.
    Over,
}

impl Tickets {
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self { key })
    }

    /// The ticket in hex: the time at which it is over (8 bytes, little endian), and HMAC-SHA-256 of
    /// `record ‖ version ‖ account ‖ time`.
    pub(crate) fn issue(&self, record: RecordRef, account: Account, now: Timestamp) -> Option<String> {
        let until = now.plus(TICKET_LIFETIME);
        let tag = self.mac(record, account, until)?.finalize().into_bytes();
        Some(format!("{}{}", hex::encode(until.0.to_le_bytes()), hex::encode(tag)))
    }

    pub(crate) fn check(
        &self,
        ticket: &str,
        record: RecordRef,
        account: Account,
        now: Timestamp,
    ) -> Result<(), BadTicket> {
        let mut bytes = [0; 40];
        hex::decode_to_slice(ticket, &mut bytes).map_err(|_| BadTicket::Invalid)?;
        let (until, tag) = bytes.split_first_chunk::<8>().ok_or(BadTicket::Invalid)?;
        let until = Timestamp(u64::from_le_bytes(*until));
        let mac = self.mac(record, account, until).ok_or(BadTicket::Invalid)?;
        // Compares in constant time.
        mac.verify_slice(tag).map_err(|_| BadTicket::Invalid)?;
        if now < until {
            Ok(())
        } else {
            Err(BadTicket::Over)
        }
    }

    fn mac(&self, record: RecordRef, account: Account, until: Timestamp) -> Option<Hmac<Sha256>> {
        // A key of any length is taken.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(&(record.record.as_bytes(), record.version, account, until).encode());
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_for_one_version_one_account_and_a_while() -> Result<(), Box<dyn std::error::Error>> {
        let (tickets, now) = (Tickets::new()?, Timestamp(1_000));
        let record = RecordRef { record: [1; 32].into(), version: 2 };
        let (account, other) = (Account([3; 32]), Account([4; 32]));
        let ticket = tickets.issue(record, account, now).ok_or("no ticket")?;
        assert_eq!(tickets.check(&ticket, record, account, now.plus(TICKET_LIFETIME - 1)), Ok(()));
        assert_eq!(tickets.check(&ticket, record, account, now.plus(TICKET_LIFETIME)), Err(BadTicket::Over));
        let invalid = Err(BadTicket::Invalid);
        assert_eq!(tickets.check(&ticket, record, other, now), invalid);
        assert_eq!(tickets.check(&ticket, RecordRef { version: 3, ..record }, account, now), invalid);
        assert_eq!(tickets.check(&ticket, RecordRef { record: [2; 32].into(), ..record }, account, now), invalid);
        assert_eq!(Tickets::new()?.check(&ticket, record, account, now), invalid, "another process");
        let longer = format!("{}{}", hex::encode(u64::MAX.to_le_bytes()), &ticket[16..]);
        assert_eq!(tickets.check(&longer, record, account, now), invalid, "made longer");
        for text in ["", "zz", &ticket[2..]] {
            assert_eq!(tickets.check(text, record, account, now), invalid);
        }
        Ok(())
    }
}
