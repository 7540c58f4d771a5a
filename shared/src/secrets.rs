//! Encryption at rest of tokens, signing secrets and header values, and the digests that keep
//! ciphertexts comparable.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{digest, hkdf, hmac};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};

use crate::config::Config;

/// What a stored secret is. It is bound into the ciphertext, so that one moved to another column
/// does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A destination's verification token.
    VerificationToken,
    /// A destination's signing secret.
    SigningSecret,
    /// The value of a custom header.
    HeaderValue,
}

impl Purpose {
    fn name(self) -> &'static [u8] {
        match self {
            Self::VerificationToken => b"verification_token",
            Self::SigningSecret => b"signing_secret",
            Self::HeaderValue => b"header_value",
        }
    }
}

/// A stored secret that no key opens.
#[derive(Debug, thiserror::Error)]
#[error("a stored secret cannot be opened: {0}")]
pub struct SealedShut(&'static str);

struct Key {
    id: String,
    aead: LessSafeKey,
}

/// The operator's keys: the first encrypts, all decrypt, the last makes digests (so a new key put in
/// front leaves the digests that are stored comparable).
pub struct Keyring {
    keys: Vec<Key>,
    digest: hmac::Key,
    random: SystemRandom,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring")
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

impl Keyring {
    /// The keys of the configuration. With SQLite and none set, one is made on first use in the file
    /// `encryption.key` beside the database, readable by its owner alone.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        if !config.encryption_keys.is_empty() {
            return Ok(Self::new(&config.encryption_keys));
        }
        let database = config
            .database
            .sqlite_path()
            .context("an encryption key is required with PostgreSQL")?;
        let path = database.with_file_name("encryption.key");
        let key = generated_key(&path)
            .with_context(|| format!("cannot use the encryption key {}", path.display()))?;
        Ok(Self::new(&[key]))
    }

    /// Takes keys of 32 bytes, at least one.
    pub fn new(keys: &[SecretSlice<u8>]) -> Self {
        let last = keys.last().expect("there is at least one key");
        Self {
            digest: hmac::Key::new(hmac::HMAC_SHA256, &derived(last.expose_secret(), b"digest")),
            keys: keys
                .iter()
                .map(|key| Key::new(key.expose_secret()))
                .collect(),
            random: SystemRandom::new(),
        }
    }

    /// Encrypts: `v1.<key id>.<nonce and ciphertext>`. Each call gives another text.
    pub fn seal(&self, purpose: Purpose, plain: &SecretString) -> String {
        let key = &self.keys[0];
        let mut nonce = [0; NONCE_LEN];
        self.random
            .fill(&mut nonce)
            .expect("the system gives random bytes");
        let mut sealed = plain.expose_secret().as_bytes().to_vec();
        key.aead
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose.name()),
                &mut sealed,
            )
            .expect("a secret is far shorter than the limit of AES-GCM");
        let mut bytes = nonce.to_vec();
        bytes.append(&mut sealed);
        format!("v1.{}.{}", key.id, URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Decrypts what [`Self::seal`] made with any of the keys.
    pub fn open_sealed(&self, purpose: Purpose, sealed: &str) -> Result<SecretString, SealedShut> {
        let rest = sealed
            .strip_prefix("v1.")
            .ok_or(SealedShut("its form is not known"))?;
        let (id, bytes) = rest
            .split_once('.')
            .ok_or(SealedShut("its form is not known"))?;
        let key = self
            .keys
            .iter()
            .find(|key| key.id == id)
            .ok_or(SealedShut("its key is not among the configured ones"))?;
        let mut bytes = URL_SAFE_NO_PAD
            .decode(bytes)
            .ok()
            .filter(|bytes| bytes.len() >= NONCE_LEN)
            .ok_or(SealedShut("its form is not known"))?;
        let mut ciphertext = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes)
            .map_err(|_| SealedShut("its form is not known"))?;
        let plain = key
            .aead
            .open_in_place(nonce, Aad::from(purpose.name()), &mut ciphertext)
            .map_err(|_| SealedShut("it was changed"))?;
        let text = std::str::from_utf8(plain).map_err(|_| SealedShut("it is not text"))?;
        Ok(text.into())
    }

    /// A digest by which equal secrets can be told in the database, useless without the keys.
    pub fn digest(&self, plain: &SecretString) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.digest, plain.expose_secret().as_bytes()))
    }
}

impl Key {
    fn new(key: &[u8]) -> Self {
        let unbound = UnboundKey::new(&AES_256_GCM, &derived(key, b"encryption"))
            .expect("a derived key has 32 bytes");
        let id = digest::digest(&digest::SHA256, &derived(key, b"id"));
        Self {
            id: URL_SAFE_NO_PAD.encode(&id.as_ref()[..6]),
            aead: LessSafeKey::new(unbound),
        }
    }
}

/// A key of 32 bytes for one use, so that the encrypting key is never used for anything else.
fn derived(key: &[u8], usage: &[u8]) -> [u8; 32] {
    let usage = [usage];
    let mut derived = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"auditstream")
        .extract(key)
        .expand(&usage, hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut derived))
        .expect("32 bytes are within the limit of HKDF");
    derived
}

fn generated_key(path: &Path) -> anyhow::Result<SecretSlice<u8>> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder)?;
        if !path.exists() {
            // Written apart and linked into place, so that of two processes which start at once
            // neither reads half a key, and the first one's stays.
            let mut key = [0; 32];
            SystemRandom::new()
                .fill(&mut key)
                .map_err(|_| anyhow::anyhow!("the system gives no random bytes"))?;
            let apart = path.with_extension(format!("key.{}", std::process::id()));
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&apart)?;
            file.write_all(STANDARD.encode(key).as_bytes())?;
            file.sync_all()?;
            let linked = std::fs::hard_link(&apart, path);
            std::fs::remove_file(&apart)?;
            match linked {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(error.into());
                }
                _ => {}
            }
        }
    }
    let text = std::fs::read_to_string(path)?;
    let key = STANDARD.decode(text.trim()).context("it is not base64")?;
    anyhow::ensure!(key.len() == 32, "it does not have 32 bytes");
    Ok(key.into())
}

/// The form in which an access token is stored. A plain digest is enough for tokens of 20 random
/// characters and more.
pub fn token_digest(token: &SecretString) -> String {
    let digest = digest::digest(&digest::SHA256, token.expose_secret().as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}

/// Random letters and digits; 24 of them are 142 bits.
pub fn random_token(characters: usize) -> SecretString {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let random = SystemRandom::new();
    let mut token = String::with_capacity(characters);
    while token.len() < characters {
        let mut byte = [0];
        random
            .fill(&mut byte)
            .expect("the system gives random bytes");
        // Values from 248 on are thrown away: taking the remainder of all 256 would favour some letters.
        if byte[0] < 248 {
            token.push(char::from(ALPHABET[usize::from(byte[0] % 62)]));
        }
    }
    token.into()
}

/// A signing secret in the form of Standard Webhooks: `whsec_` and 32 random bytes in base64.
pub fn random_signing_secret() -> SecretString {
    let mut bytes = [0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system gives random bytes");
    format!("whsec_{}", STANDARD.encode(bytes)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring(keys: &[u8]) -> Keyring {
        let keys: Vec<SecretSlice<u8>> = keys.iter().map(|byte| vec![*byte; 32].into()).collect();
        Keyring::new(&keys)
    }

    #[test]
    fn what_is_sealed_opens_again_and_never_looks_the_same() {
        let keyring = keyring(&[1]);
        let first = keyring.seal(Purpose::VerificationToken, &"a token".into());
        let second = keyring.seal(Purpose::VerificationToken, &"a token".into());
        assert_ne!(first, second);
        let opened = keyring
            .open_sealed(Purpose::VerificationToken, &first)
            .unwrap();
        assert_eq!(opened.expose_secret(), "a token");
    }

    #[test]
    fn a_secret_moved_to_another_column_does_not_open() {
        let keyring = keyring(&[1]);
        let sealed = keyring.seal(Purpose::VerificationToken, &"a token".into());
        assert!(keyring.open_sealed(Purpose::HeaderValue, &sealed).is_err());
    }

    #[test]
    fn a_changed_or_foreign_secret_does_not_open() {
        let sealed = keyring(&[1]).seal(Purpose::HeaderValue, &"a value".into());
        assert!(
            keyring(&[2])
                .open_sealed(Purpose::HeaderValue, &sealed)
                .is_err()
        );
        let mut changed = sealed.clone();
        let last = if changed.pop() == Some('A') { 'B' } else { 'A' };
        changed.push(last);
        assert!(
            keyring(&[1])
                .open_sealed(Purpose::HeaderValue, &changed)
                .is_err()
        );
        for broken in ["", "v1", "v1.", "v1.x", "v2.x.y", "v1.x.!"] {
            assert!(
                keyring(&[1])
                    .open_sealed(Purpose::HeaderValue, broken)
                    .is_err(),
                "{broken}"
            );
        }
    }

    #[test]
    fn a_key_put_in_front_encrypts_while_the_old_one_still_opens() {
        let old = keyring(&[1]);
        let rotated = keyring(&[2, 1]);
        let sealed = old.seal(Purpose::HeaderValue, &"a value".into());
        assert!(rotated.open_sealed(Purpose::HeaderValue, &sealed).is_ok());
        let sealed = rotated.seal(Purpose::HeaderValue, &"a value".into());
        assert!(old.open_sealed(Purpose::HeaderValue, &sealed).is_err());
        assert_eq!(old.digest(&"a".into()), rotated.digest(&"a".into()));
    }

    #[test]
    fn a_generated_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/encryption.key");
        let first = generated_key(&path).unwrap();
        let second = generated_key(&path).unwrap();
        assert_eq!(first.expose_secret(), second.expose_secret());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }

    #[test]
    fn random_tokens_are_word_characters_and_differ() {
        let token = random_token(24);
        assert_eq!(token.expose_secret().len(), 24);
        assert!(
            token
                .expose_secret()
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric())
        );
        assert_ne!(token.expose_secret(), random_token(24).expose_secret());
    }
}
