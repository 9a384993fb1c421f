//! What is left out, what lies outside, and who does what.

use alloc::{string::String, vec::Vec};
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{
    cadence::Cadence,
    duration::{Span, WrittenSpan},
};
use crate::value::present;

/// A database that is not backed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// Its name on the server.
    pub database: String,
    /// Why.
    pub reason: String,
    /// Person id.
    pub approved_by: String,
}

/// A control rule that does not apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotApplicable {
    /// Which, like `WW-CP-02`.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// Person id.
    pub approved_by: String,
}

/// The three things that a recovery needs; two of them are in no dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompleteSet {
    /// Dump, globals, row key.
    pub database: Part,
    /// Private keys.
    pub keys: Part,
    /// Configuration.
    pub config: Part,
}

/// One of three things that a recovery needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Where it lies, by reference.
    pub r#where: String,
    /// Person id.
    pub owner: String,
    /// How often somebody looks whether it is there.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub verify: Option<Cadence>,
}

/// Backups that somebody else makes: declared, not evidenced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherLayer {
    /// What they are called.
    pub name: String,
    /// Who makes them.
    pub operator: String,
    /// For how long they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub retention: Option<Span>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenOtherLayer {
    name: String,
    operator: String,
    retention: Option<WrittenSpan>,
}

impl From<WrittenOtherLayer> for OtherLayer {
    fn from(WrittenOtherLayer { name, operator, retention }: WrittenOtherLayer) -> Self {
        Self { name, operator, retention: retention.map(|WrittenSpan(span)| span) }
    }
}

/// A supplier whose own controls are relied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subservice {
    /// Its name.
    pub name: String,
    /// For what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relied_on_for: Vec<String>,
    /// The report that it gives out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub report: Option<SupplierReport>,
}

/// A report of a supplier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupplierReport {
    /// What kind, like `SOC 2 Type II`.
    pub kind: String,
    /// How often it is read.
    pub review: Cadence,
}

/// Database roles by what they may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readonly: Vec<String>,
    /// Read and write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readwrite: Vec<String>,
    /// Change the schema.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admin: Vec<String>,
    /// Be superuser.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub superuser_allowed: Vec<String>,
}

/// A framework whose criteria the report is arranged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Framework {
    /// SOC 2, trust services criteria of 2017 with the points of focus of 2022.
    #[serde(rename = "soc2:2017-pof2022")]
    Soc2,
    /// ISO/IEC 27001:2022.
    #[serde(rename = "iso27001:2022")]
    Iso27001,
    /// HIPAA, 45 CFR 164.
    #[serde(rename = "hipaa")]
    Hipaa,
    /// PCI DSS 4.0.1.
    #[serde(rename = "pci:4.0.1")]
    Pci,
    /// Regulation (EU) 2022/2554.
    #[serde(rename = "dora")]
    Dora,
    /// NIST SP 800-53 revision 5.
    #[serde(rename = "nist80053:r5")]
    Nist80053,
    /// NIST CSF 2.0.
    #[serde(rename = "csf:2.0")]
    Csf,
}

impl Framework {
    /// All of them, in printing order.
    pub const ALL: &'static [Self] =
        &[Self::Soc2, Self::Iso27001, Self::Hipaa, Self::Pci, Self::Dora, Self::Nist80053, Self::Csf];

    /// As a policy and `--frameworks` name it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Soc2 => "soc2:2017-pof2022",
            Self::Iso27001 => "iso27001:2022",
            Self::Hipaa => "hipaa",
            Self::Pci => "pci:4.0.1",
            Self::Dora => "dora",
            Self::Nist80053 => "nist80053:r5",
            Self::Csf => "csf:2.0",
        }
    }

    /// For people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Soc2 => "SOC 2 Trust Services Criteria (2017, points of focus 2022)",
            Self::Iso27001 => "ISO/IEC 27001:2022, Annex A",
            Self::Hipaa => "HIPAA Security Rule, 45 CFR 164",
            Self::Pci => "PCI DSS 4.0.1",
            Self::Dora => "DORA, Regulation (EU) 2022/2554",
            Self::Nist80053 => "NIST SP 800-53 revision 5",
            Self::Csf => "NIST Cybersecurity Framework 2.0",
        }
    }

    /// The word without its edition: `soc2`.
    #[must_use]
    pub fn short(self) -> &'static str {
        self.word().split(':').next().unwrap_or_default()
    }
}

/// No framework has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such framework")]
pub struct NoFramework;

/// The word, with its edition or without.
impl FromStr for Framework {
    type Err = NoFramework;

    fn from_str(word: &str) -> Result<Self, NoFramework> {
        let named = |framework: &&Self| framework.word() == word || framework.short() == word;
        Self::ALL.iter().find(named).copied().ok_or(NoFramework)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_framework_is_named_with_its_edition_or_without() {
        for framework in Framework::ALL {
            assert_eq!(framework.word().parse(), Ok(*framework));
            assert_eq!(framework.short().parse(), Ok(*framework));
        }
        for word in ["", "SOC2", "soc2:2018", "soc2:", "iso"] {
            assert_eq!(word.parse::<Framework>(), Err(NoFramework), "{word}");
        }
    }
}
