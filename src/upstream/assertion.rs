//! Proves to Microsoft that the bot is the application, without a shared secret. It uses an assertion that is signed
//! with the key of a certificate, or one that another identity provider issued. It must never show a key or an
//! assertion, and never use an assertion twice.
//!
//! It signs with `ring`, which TLS already needs. The JWT libraries would add a second TLS provider, or an RSA
//! implementation with an open security advisory.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PSS_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::validity;

/// The form field that says what `client_assertion` is.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The lifetime of an assertion; Microsoft advises five to ten minutes.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(300);
/// Microsoft's clock may be a little behind ours.
const CLOCK_SKEW_ALLOWANCE: Duration = Duration::from_secs(30);

/// Why a certificate cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCertificate {
    #[error("it holds no certificate in PEM form (BEGIN CERTIFICATE)")]
    NoCertificate,
    #[error("it holds no private key in PEM form (BEGIN PRIVATE KEY)")]
    NoKey,
    /// The key is of another kind, or damaged.
    #[error("its private key is not an RSA key of 2048 bits or more")]
    NotRsa,
}

/// A certificate that is registered with the application, and its private key.
pub struct Certificate {
    thumbprint: String,
    valid_until: Option<Timestamp>,
    key: RsaKeyPair,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("thumbprint", &self.thumbprint).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads a PEM text that holds the certificate and its private key, in either order.
    ///
    /// # Errors
    /// See [`BadCertificate`].
    pub fn from_pem(pem: &SecretString) -> Result<Self, BadCertificate> {
        let text = pem.expose_secret().as_bytes();
        let certificate = CertificateDer::from_pem_slice(text).map_err(|_| BadCertificate::NoCertificate)?;
        let key = match PrivateKeyDer::from_pem_slice(text).map_err(|_| BadCertificate::NoKey)? {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(BadCertificate::NotRsa),
        };
        let key = key.map_err(|_| BadCertificate::NotRsa)?;
        let valid_until = validity::valid_until(&certificate);
        Ok(Self { thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate)), valid_until, key })
    }

    /// Until when it is valid. `None` if it does not say it in a form that can be read.
    #[must_use]
    pub fn valid_until(&self) -> Option<Timestamp> {
        self.valid_until
    }

    /// `x5t#S256`: Microsoft finds the registered certificate by this value.
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// The public key, as PKCS#1.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.key.public().as_ref()
    }

    /// Creates an assertion for the application `client` and the token endpoint `audience` (learn.microsoft.com,
    /// Microsoft identity platform application authentication certificate credentials).
    #[must_use]
    pub fn assertion(&self, audience: &str, client: &str, now: Timestamp) -> Option<SecretString> {
        let at = |time: Option<Timestamp>| time.map(Timestamp::as_second);
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let claims = json!({
            "aud": audience, "iss": client, "sub": client, "jti": uuid::Uuid::new_v4().to_string(),
            "nbf": at(now.checked_sub(CLOCK_SKEW_ALLOWANCE).ok())?, "iat": now.as_second(),
            "exp": at(now.checked_add(ASSERTION_LIFETIME).ok())?,
        });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(SecretString::from(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

/// An assertion of another identity provider (Kubernetes, GitHub) that the app registration trusts.
#[derive(Clone, Debug)]
pub enum Federated {
    /// A fixed assertion. It expires within the hour, so this is for short jobs.
    Given(SecretString),
    /// A file that another program renews before the assertion expires. The bot reads it for each token.
    File(PathBuf),
}

impl Federated {
    /// The current assertion.
    ///
    /// # Errors
    /// A sentence that does not contain the assertion.
    pub fn read(&self) -> Result<SecretString, String> {
        match self {
            Self::Given(token) => Ok(token.clone()),
            Self::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => Ok(SecretString::from(text.trim())),
                Err(error) => Err(format!("the federated token file cannot be read ({})", error.kind())),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;

    const PEM: &str = include_str!("../../tests/it/data/test-certificate.pem");

    #[test]
    fn an_assertion_is_signed_for_its_endpoint_and_ends_soon() {
        let certificate = Certificate::from_pem(&PEM.into()).unwrap();
        let now: Timestamp = "2026-11-25T10:00:00Z".parse().unwrap();
        let jwt = certificate.assertion("https://login/t/oauth2/v2.0/token", "app", now).unwrap();
        let parts: Vec<&str> = jwt.expose_secret().split('.').collect();
        let read =
            |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
        let (header, claims) = (read(parts[0]), read(parts[1]));
        assert_eq!(header["alg"], "PS256");
        assert_eq!(header["x5t#S256"], certificate.thumbprint());
        assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some("app"), Some("app")));
        assert_eq!(claims["exp"].as_i64().unwrap() - now.as_second(), 300);
        let key = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, certificate.public_key());
        let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
        key.verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &signature).unwrap();
        let other = certificate.assertion("https://login/t/oauth2/v2.0/token", "app", now).unwrap();
        assert_ne!(jwt.expose_secret(), other.expose_secret(), "each has an id of its own");
        assert!(!format!("{certificate:?}").contains("PRIVATE"));
    }

    #[test]
    fn what_is_no_certificate_is_named() {
        let of = |text: &str| Certificate::from_pem(&text.into()).err();
        assert_eq!(of("nothing"), Some(BadCertificate::NoCertificate));
        let certificate = PEM.split("-----BEGIN PRIVATE").next().unwrap();
        assert_eq!(of(certificate), Some(BadCertificate::NoKey));
        let broken = format!("{certificate}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
        assert_eq!(of(&broken), Some(BadCertificate::NotRsa));
    }
}
