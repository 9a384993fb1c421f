//! AWS KMS: a key for statements that cannot be taken away, ES256 (`spec:keys-1`).
//!
//! Heads stay with the holder beside it: a log key is an Ed25519 key, and whoever has it remembers what it signed
//! (`spec:keys-10`), which a service does not. A service signs whatever it is given. What is given to it has been parsed by
//! [`super::StatementSigner`], and what it gives is verified there before it is recorded.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use object_store::{
    aws::{AmazonS3, AwsAuthorizer},
    client::HttpRequest,
};
use p256::ecdsa::{DerSignature, Signature};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use walwarden_core::{
    Base64, Digest,
    checkpoint::Head,
    dsse::pae,
    key::{Ed25519Key, PublicKey},
    merkle::Proof,
    sign::{LastHead, SignError},
    statement::key_registry::{RegistryKey, Use},
};

use super::{Holder, MadeKey, key_file, wire::shown};
use crate::{
    config::{KmsConfig, StoreConfig, StoreKind},
    error::{ProduceError, SignerError},
    http::{self, block_on},
    store::remote,
};

/// The longest message that the service digests itself; of a longer one it is given the digest.
const RAW: usize = 4096;
/// The most bytes of an answer.
const ANSWER: usize = 64 << 10;
/// How long credentials of an instance are asked for again.
const RETRY_SECONDS: u64 = 10;
/// Refusals that end by themselves, or with other credentials: what was done until then can wait.
const PASSING: [&str; 4] =
    ["ExpiredTokenException", "LimitExceededException", "ThrottlingException", "UnrecognizedClientException"];

/// A key of the service for statements, before a holder of the others.
#[derive(Debug)]
pub struct Kms {
    config: KmsConfig,
    endpoint: String,
    /// Knows the credentials.
    aws: AmazonS3,
    others: Arc<dyn Holder>,
    public: OnceLock<PublicKey>,
}

impl Kms {
    /// A key of the service; nothing is asked yet.
    ///
    /// # Errors
    /// The file of credentials cannot be read.
    pub fn open(config: &KmsConfig, others: Arc<dyn Holder>) -> Result<Self, ProduceError> {
        let store = StoreConfig {
            kind: StoreKind::S3,
            region: Some(config.region.clone()),
            endpoint: config.endpoint.clone(),
            env_prefix: config.env_prefix.clone(),
            credentials: config.credentials.clone(),
            retry_seconds: Some(RETRY_SECONDS),
            ..StoreConfig::default()
        };
        let usual = || format!("https://kms.{}.amazonaws.com", config.region);
        let endpoint = config.endpoint.clone().unwrap_or_else(usual);
        Ok(Self { config: config.clone(), endpoint, aws: remote::aws(&store, "kms")?, others, public: OnceLock::new() })
    }

    fn public(&self) -> Result<PublicKey, SignError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "PublicKey")]
            spki: Base64,
        }
        if let Some(known) = self.public.get() {
            return Ok(*known);
        }
        let answer: Answer = self.ask("GetPublicKey", &json!({ "KeyId": self.config.key }))?;
        let key = key_file::spki(&answer.spki.0).ok().filter(|key| key.as_ed25519().is_none());
        let key = key.ok_or_else(|| SignError::Unavailable("KMS: its key is none of ECC_NIST_P256".into()))?;
        Ok(*self.public.get_or_init(|| key))
    }

    /// Signs in strict DER, of the two signatures the one with the smaller s (`spec:keys-3`).
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "Signature")]
            signature: Base64,
        }
        let message = pae(payload);
        let (kind, message) = match message.len() {
            0..=RAW => ("RAW", message),
            _ => ("DIGEST", Digest::of(&message).0.to_vec()),
        };
        let request = json!({
            "KeyId": self.config.key,
            "Message": Base64(message).to_string(),
            "MessageType": kind,
            "SigningAlgorithm": "ECDSA_SHA_256",
        });
        let answer: Answer = self.ask("Sign", &request)?;
        let der = DerSignature::from_bytes(&answer.signature.0).and_then(Signature::try_from);
        let signature = der.map_err(|_| SignError::Unavailable("KMS: its signature is none of ECDSA".into()))?;
        Ok(signature.normalize_s().to_der().as_bytes().to_vec())
    }

    fn ask<T: DeserializeOwned>(&self, operation: &str, request: &Value) -> Result<T, SignError> {
        let away = |why: &str| SignError::Away(format!("KMS: {}", shown(why)));
        let sent = block_on(self.post(operation, request.to_string()));
        let (status, body) = sent.map_err(|error| away(&error.to_string()))?;
        if status == 200 {
            return serde_json::from_slice(&body)
                .map_err(|_| SignError::Unavailable("KMS: an answer of no use".into()));
        }
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        // The kind only: its message may name accounts and roles.
        let kind = said.get("__type").and_then(Value::as_str).unwrap_or_default();
        let kind = kind.rsplit('#').next().unwrap_or_default();
        let why = format!("{status} {kind}");
        if status == 429 || status >= 500 || PASSING.contains(&kind) {
            return Err(away(&why));
        }
        Err(SignError::Declined(format!("KMS: {}", shown(&why))))
    }

    async fn post(&self, operation: &str, body: String) -> io::Result<(u16, Vec<u8>)> {
        // Why not could hold a part of them.
        let none = |_| io::Error::other("no credentials are to be had");
        let credential = self.aws.credentials().get_credential().await.map_err(none)?;
        let request =
            ::http::Request::builder().method("POST").uri(format!("{}/", self.endpoint.trim_end_matches('/')));
        let request = request
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("TrentService.{operation}"));
        let mut request: HttpRequest = request.body(body.clone().into()).map_err(io::Error::other)?;
        let authorizer = AwsAuthorizer::new(&credential, "kms", &self.config.region);
        authorizer.try_authorize(&mut request, None).map_err(io::Error::other)?;
        let (head, _) = request.into_parts();
        let client = http::client().map_err(io::Error::other)?;
        let sent = client.request(head.method, head.uri.to_string()).headers(head.headers).body(body).send().await;
        let response = sent.map_err(|error| io::Error::new(io::ErrorKind::ConnectionAborted, error.without_url()))?;
        let status = response.status().as_u16();
        Ok((status, http::body(response, ANSWER).await?))
    }
}

impl Holder for Kms {
    /// Where keys of a service are listed, the one that is configured is among them: another key beside them is no
    /// substitute for it.
    fn first(&self, listed: &[&RegistryKey]) -> Result<usize, SignerError> {
        let in_service = |key: &&&RegistryKey| key.jwk.as_ed25519().is_none();
        let Some(named) = listed.iter().find(in_service) else { return self.others.first(listed) };
        let public = self.public()?;
        let ours = listed.iter().position(|key| key.jwk == public);
        let ours = ours.ok_or_else(|| SignerError::NotHeld(named.jwk.id()))?;
        if ours == 0 {
            return Ok(0);
        }
        // A key of this host that came later counts before it.
        match self.others.first(&listed[..ours]) {
            Ok(later) => Ok(later),
            Err(SignerError::Sign(error)) => Err(error.into()),
            Err(_) => Ok(ours),
        }
    }

    fn last_head(&self) -> Result<LastHead, SignerError> {
        self.others.last_head()
    }

    fn sign_head(&self, head: &Head, proof: &Proof, keys: &[Ed25519Key]) -> Result<Vec<Vec<u8>>, SignerError> {
        self.others.sign_head(head, proof, keys)
    }

    fn sign_statement(&self, key: &PublicKey, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        match key.as_ed25519() {
            None => Ok(self.sign(payload)?),
            Some(_) => self.others.sign_statement(key, payload),
        }
    }

    fn make(&self, uses: &[Use]) -> Result<MadeKey, SignerError> {
        self.others.make(uses)
    }
}
