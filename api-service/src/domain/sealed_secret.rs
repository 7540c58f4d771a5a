//! A stored secret that is opened where it is shown and nowhere else: one that cannot be opened is no
//! hindrance to anything that does not need it.

use secrecy::{ExposeSecret as _, SecretString};
use shared::secrets::{Keyring, Purpose, SealedShut};

/// A secret as it is stored.
#[derive(Debug, Clone)]
pub struct SealedSecret {
    purpose: Purpose,
    sealed: String,
}

impl SealedSecret {
    /// Takes what [`Keyring::seal`] made for this purpose.
    pub fn new(purpose: Purpose, sealed: String) -> Self {
        Self { purpose, sealed }
    }

    /// As it is stored.
    pub fn sealed(&self) -> &str {
        &self.sealed
    }

    /// Whether the secret is another one than this, or one that does not open any more.
    pub fn differs_from(&self, plain: &SecretString, keyring: &Keyring) -> bool {
        let opened = self.open(keyring);
        opened.map_or(true, |there| there.expose_secret() != plain.expose_secret())
    }

    /// The secret. An error, when none of the keys opens it.
    pub fn open(&self, keyring: &Keyring) -> Result<SecretString, SealedShut> {
        keyring.open_sealed(self.purpose, &self.sealed)
    }
}
