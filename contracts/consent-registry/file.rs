//! An account's file: what is known of its consents without reading one, and the texts that are short enough to lie beside
//! it. One storage cell, so that most changes are one read and one write.

use ink::prelude::vec::Vec;
use salus_domain::consent::{Audience, Consent};
use salus_domain::ids::ConsentId;
use salus_domain::time::Period;
use salus_interface::consent::{ConsentError, ConsentSummary};
use scale::DecodeAll;

/// How many bytes of texts lie in the file itself; what does not fit has a cell of its own. A contract never gives memory
/// back, and has 1 MiB: a relay of a hundred orders for patients whose files are all full still fits into that. One that
/// does not fails as a whole and writes nothing.
pub const MAX_INLINE: usize = 2 * 1024;

/// What is kept for an account, be it as a patient or because it signs orders.
#[derive(Default)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct File {
    /// Goes up with every change to the consents.
    pub epoch: u32,
    /// The id of the next consent.
    pub next: u32,
    /// The nonce of the next signed order.
    pub nonce: u32,
    /// The active consents, by id.
    pub entries: Vec<Entry>,
    /// The texts that lie here, in the order of the entries.
    texts: Vec<u8>,
}

/// A consent without its text.
#[derive(Clone, Copy)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Entry {
    pub id: ConsentId,
    pub revision: u32,
    pub period: Period,
    pub audience: Audience,
    /// The length of its text in the file; 0: the text has a cell of its own.
    inline: u16,
}

salus_interface::kept_in_one_cell!(File);

/// Where a text is.
pub enum Text {
    /// Here. `None` where it cannot be read, which does not happen to what [`File::put`] wrote.
    Inline(Option<Consent>),
    /// In a cell of its own.
    Apart,
}

impl Entry {
    /// What `consent` is listed as.
    pub fn of(id: ConsentId, revision: u32, consent: &Consent) -> Self {
        Self { id, revision, period: consent.period, audience: consent.audience(), inline: 0 }
    }

    /// Whether its text lies in the file.
    pub const fn is_inline(&self) -> bool {
        self.inline > 0
    }

    /// As it appears in a list.
    pub const fn summary(&self) -> ConsentSummary {
        ConsentSummary { id: self.id, revision: self.revision, period: self.period }
    }
}

impl File {
    /// The place of a consent among the entries.
    pub fn place(&self, id: ConsentId) -> Result<usize, ConsentError> {
        self.entries.binary_search_by_key(&id, |entry| entry.id).map_err(|_| ConsentError::NotFound)
    }

    /// The text of the entry at `place`.
    pub fn text(&self, place: usize) -> Text {
        let (start, end) = self.span(place);
        if start == end {
            return Text::Apart;
        }
        Text::Inline(self.texts.get(start..end).and_then(|mut text| Consent::decode_all(&mut text).ok()))
    }

    /// Puts an entry in place of the one at `place`, or behind all others, and its text beside it if it is short enough.
    /// Returns whether it is.
    pub fn put(&mut self, place: usize, entry: Entry, text: &[u8]) -> bool {
        let (start, end) = self.span(place);
        let rest = self.texts.len().saturating_sub(end.saturating_sub(start));
        let fits = rest.saturating_add(text.len()) <= MAX_INLINE;
        let inline = u16::try_from(text.len()).ok().filter(|_| fits);
        self.replace(start, end, if inline.is_some() { text } else { &[] });
        let entry = Entry { inline: inline.unwrap_or_default(), ..entry };
        match self.entries.get_mut(place) {
            Some(there) => *there = entry,
            None => self.entries.push(entry),
        }
        inline.is_some()
    }

    /// Takes out the entry at `place` with its text.
    pub fn take(&mut self, place: usize) {
        let (start, end) = self.span(place);
        self.replace(start, end, &[]);
        if place < self.entries.len() {
            self.entries.remove(place);
        }
    }

    /// Takes out all entries; returns how many there were.
    pub fn clear(&mut self) -> u32 {
        self.texts = Vec::new();
        let entries = core::mem::take(&mut self.entries);
        u32::try_from(entries.len()).unwrap_or(u32::MAX)
    }

    /// Counts a change.
    ///
    /// The epoch may begin again after 2^32 changes: a cache only asks whether it is another one.
    pub fn changed(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
    }

    /// Where the text of the entry at `place` begins and ends; behind all others for a new one.
    fn span(&self, place: usize) -> (usize, usize) {
        let lengths = || self.entries.iter().map(|entry| usize::from(entry.inline));
        let start: usize = lengths().take(place).sum();
        (start, start.saturating_add(lengths().nth(place).unwrap_or_default()))
    }

    fn replace(&mut self, start: usize, end: usize, text: &[u8]) {
        let before = self.texts.get(..start).unwrap_or_default();
        let behind = self.texts.get(end..).unwrap_or_default();
        self.texts = [before, text, behind].concat();
    }
}
