//! `handover.json`: what the auditor gets by another channel (`spec:keys-12`).

use alloc::{collections::BTreeSet, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{digest::Digest, limits, merkle::TreeHead, registry::RootPins, value::Origin};

/// `_type` of a handover.
pub const HANDOVER_TYPE: &str = "https://walwarden.dev/spec/handover/v1";

/// Root pins, threshold and a head. It is the auditor's file: it need not be canonical JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// Always [`HANDOVER_TYPE`].
    #[serde(rename = "_type")]
    pub r#type: String,
    /// The chain.
    pub origin: Origin,
    /// Fingerprints of the root keys: SHA-256 of the SPKI.
    pub roots: Vec<Digest>,
    /// How many of them must have signed the registry.
    pub threshold: usize,
    /// The head when this was written.
    pub head: TreeHead,
}

/// Why a handover is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandoverError {
    /// Longer than 64 KiB.
    #[error("a handover is at most 64 KiB long")]
    TooLong,
    /// Not JSON, or other members.
    #[error("not a handover: {0}")]
    Shape(String),
    /// No root, one twice, or a threshold that they cannot reach.
    #[error("a handover names at least one root, none twice, and a threshold between 1 and their number")]
    Roots,
    /// A head of nothing, which every history continues.
    #[error("the head of a handover covers at least one line")]
    EmptyHead,
}

impl Handover {
    /// Parses the file.
    ///
    /// # Errors
    /// The file is at fault.
    pub fn parse(bytes: &[u8]) -> Result<Self, HandoverError> {
        if bytes.len() > limits::HANDOVER_BYTES {
            return Err(HandoverError::TooLong);
        }
        let handover: Self = serde_json::from_slice(bytes).map_err(|e| HandoverError::Shape(alloc::format!("{e}")))?;
        if handover.r#type != HANDOVER_TYPE {
            return Err(HandoverError::Shape("another _type".into()));
        }
        if handover.head.size == 0 {
            return Err(HandoverError::EmptyHead);
        }
        let distinct: BTreeSet<&Digest> = handover.roots.iter().collect();
        let reachable = (1..=distinct.len()).contains(&handover.threshold);
        if distinct.len() == handover.roots.len() && reachable { Ok(handover) } else { Err(HandoverError::Roots) }
    }

    /// The pins.
    #[must_use]
    pub fn pins(&self) -> RootPins {
        RootPins { pins: self.roots.iter().copied().collect(), threshold: self.threshold }
    }
}
