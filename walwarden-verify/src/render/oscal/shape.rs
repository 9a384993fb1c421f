//! The members of OSCAL that are written, in the order of its schema.

use serde::Serialize;
use uuid::Uuid;
use walwarden_core::{Digest, Time};

#[derive(Serialize)]
pub(super) struct Document {
    #[serde(rename = "assessment-results")]
    pub(super) results: Results,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Results {
    pub(super) uuid: Uuid,
    pub(super) metadata: Metadata,
    pub(super) import_ap: Import,
    pub(super) results: Vec<ResultSet>,
    pub(super) back_matter: Matter,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Metadata {
    pub(super) title: String,
    pub(super) last_modified: Time,
    pub(super) version: String,
    pub(super) oscal_version: &'static str,
    pub(super) props: Vec<Prop>,
    pub(super) parties: Vec<Party>,
    pub(super) remarks: &'static str,
}

#[derive(Serialize)]
pub(super) struct Prop {
    pub(super) name: &'static str,
    pub(super) ns: &'static str,
    pub(super) value: String,
}

#[derive(Serialize)]
pub(super) struct Party {
    pub(super) uuid: Uuid,
    pub(super) r#type: &'static str,
    pub(super) name: String,
}

#[derive(Serialize)]
pub(super) struct Import {
    pub(super) href: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ResultSet {
    pub(super) uuid: Uuid,
    pub(super) title: &'static str,
    pub(super) description: String,
    pub(super) start: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<Time>,
    pub(super) props: Vec<Prop>,
    pub(super) reviewed_controls: Reviewed,
    // The schema forbids empty lists: what is empty is left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) attestations: Vec<Attestation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) observations: Vec<Observation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) findings: Vec<Finding>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Reviewed {
    pub(super) control_selections: Vec<Controls>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Controls {
    pub(super) include_controls: Vec<Control>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Control {
    pub(super) control_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Attestation {
    pub(super) responsible_parties: Vec<Responsible>,
    pub(super) parts: Vec<Part>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Responsible {
    pub(super) role_id: &'static str,
    pub(super) party_uuids: Vec<Uuid>,
}

#[derive(Serialize)]
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) ns: &'static str,
    pub(super) props: Vec<Prop>,
    pub(super) prose: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Observation {
    pub(super) uuid: Uuid,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) props: Vec<Prop>,
    pub(super) methods: [&'static str; 1],
    pub(super) relevant_evidence: Vec<Evidence>,
    pub(super) collected: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remarks: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Evidence {
    pub(super) href: Href,
    pub(super) description: String,
}

/// A reference relative to the folder of the workpapers.
#[derive(Serialize)]
pub(super) struct Href(pub(super) String);

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Finding {
    pub(super) uuid: Uuid,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) target: Target,
    pub(super) related_observations: Vec<Related>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Target {
    pub(super) r#type: &'static str,
    pub(super) target_id: &'static str,
    pub(super) status: State,
}

#[derive(Serialize)]
pub(super) struct State {
    pub(super) state: &'static str,
    pub(super) reason: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Related {
    pub(super) observation_uuid: Uuid,
}

#[derive(Serialize)]
pub(super) struct Matter {
    pub(super) resources: Vec<Resource>,
}

#[derive(Serialize)]
pub(super) struct Resource {
    pub(super) uuid: Uuid,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) props: Vec<Prop>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) rlinks: Vec<Rlink>,
}

#[derive(Serialize)]
pub(super) struct Rlink {
    pub(super) href: String,
    pub(super) hashes: Vec<Hash>,
}

#[derive(Serialize)]
pub(super) struct Hash {
    pub(super) algorithm: &'static str,
    pub(super) value: Digest,
}
