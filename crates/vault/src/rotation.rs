//! Replacing a recipient's key.

use crate::{envelope, store::envelope_path, EncryptionKeyPair, EncryptionPublicKey, RecordRef, Vault, VaultError};

/// What became of one record version when a key was rotated.
#[derive(Debug)]
pub enum Rotated {
    /// It has an envelope for the new key, and none for the old one.
    Moved,
    /// It has no envelope for the old key.
    NotShared,
    /// It was left as it is: the envelope for the old key is still there.
    Failed(VaultError),
}

/// What rotating a key did.
#[derive(Debug, Default)]
pub struct Rotation {
    /// The versions that the new key opens from now on, in order.
    pub moved: Vec<RecordRef>,
    /// The versions that could not be moved, and why. Rotating again tries again.
    pub failed: Vec<(RecordRef, VaultError)>,
}

impl Rotation {
    /// Whether no envelope for the old key was left behind.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty()
    }
}

impl Vault {
    /// Gives every record version that `old` can open to `new` instead: a new envelope is stored, and only then the old
    /// one removed. `progress` is told of every version as it is done.
    ///
    /// It may be interrupted at any point and run again. An envelope for `new` that is there already is replaced, since
    /// nobody here can tell whether it opens. A version that is being sealed for `old` meanwhile is not seen.
    ///
    /// Errors: [`VaultError::RotationToItself`], [`VaultError::InvalidPublicKey`], [`VaultError::NoRandomness`],
    /// [`VaultError::Store`] where the records cannot be listed. What is wrong with a single version is in
    /// [`Rotation::failed`].
    pub async fn rotate(
        &self,
        old: &EncryptionKeyPair,
        new: &EncryptionPublicKey,
        mut progress: impl FnMut(RecordRef, &Rotated),
    ) -> Result<Rotation, VaultError> {
        if old.public_key() == *new {
            return Err(VaultError::RotationToItself);
        }
        envelope::check_recipient(new)?;
        let mut rotation = Rotation::default();
        for record in self.records().await? {
            let rotated = match self.rotate_one(record, old, new).await {
                Ok(rotated) => rotated,
                // Destroyed meanwhile: nothing is left to move.
                Err(VaultError::Destroyed { .. }) => Rotated::NotShared,
                Err(error) => Rotated::Failed(error),
            };
            progress(record, &rotated);
            match rotated {
                Rotated::Moved => rotation.moved.push(record),
                Rotated::NotShared => {}
                Rotated::Failed(error) => rotation.failed.push((record, error)),
            }
        }
        Ok(rotation)
    }

    async fn rotate_one(
        &self,
        record: RecordRef,
        old: &EncryptionKeyPair,
        new: &EncryptionPublicKey,
    ) -> Result<Rotated, VaultError> {
        let manifest = self.manifest(record).await?;
        let content_key = match self.content_key(record, manifest, old).await {
            Ok(content_key) => content_key,
            Err(VaultError::NoEnvelope { .. }) => return Ok(Rotated::NotShared),
            Err(error) => return Err(error),
        };
        let envelope = envelope::wrap(record, new, &content_key, getrandom::fill)?;
        self.objects.put(&envelope_path(record, manifest.sealing, new), envelope).await?;
        self.withdraw_if_closed(record, manifest, new).await?;
        self.objects.delete(&envelope_path(record, manifest.sealing, &old.public_key())).await?;
        Ok(Rotated::Moved)
    }
}
