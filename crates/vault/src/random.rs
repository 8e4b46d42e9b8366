//! Randomness of the operating system, with its failure as a value.

use std::convert::Infallible;

use hpke::rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

use crate::VaultError;

/// Fills a buffer with randomness, or says that it could not.
pub(crate) type Fill = fn(&mut [u8]) -> Result<(), getrandom::Error>;

/// `N` random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, VaultError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| VaultError::NoRandomness)?;
    Ok(bytes)
}

/// Lends randomness to HPKE, which takes only generators that cannot fail. A failure is remembered instead, and
/// [`Entropy::checked`] gives up whatever was made in the meantime: without that call nothing made with this may be
/// used.
pub(crate) struct Entropy {
    fill: Fill,
    failed: bool,
}

impl Entropy {
    pub(crate) fn new(fill: Fill) -> Self {
        Self { fill, failed: false }
    }

    pub(crate) fn checked<T>(self, made: T) -> Result<T, VaultError> {
        if self.failed {
            return Err(VaultError::NoRandomness);
        }
        Ok(made)
    }
}

impl TryRng for Entropy {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        if (self.fill)(bytes).is_err() {
            self.failed = true;
        }
        Ok(())
    }
}

impl TryCryptoRng for Entropy {}
