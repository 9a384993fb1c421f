//! What is promised for one database, as written and resolved.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{
    PolicyError,
    duration::Duration,
    evidence::Migrations,
    restore_test::{RestoreTestPolicy, SmokeQuery, WrittenRestoreTest},
    retention::{Copies, Encryption, Retention, WrittenCopies, WrittenRetention},
};
use crate::{schedule::Schedule, value::present};

/// What is promised for one database. Durations are in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabasePolicy {
    /// Its id.
    pub id: String,
    /// Who owns it.
    pub owner: String,
    /// Who runs it.
    pub provider: String,
    /// Account, by reference.
    pub account_ref: String,
    /// Region.
    pub region: String,
    /// How critical.
    pub criticality: String,
    /// Longest accepted loss.
    pub rpo_s: i64,
    /// Longest accepted recovery.
    pub rto_s: i64,
    /// When backups are due.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub schedule: Option<Schedule>,
    /// How late one may begin.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub start_tolerance_s: Option<i64>,
    /// Longest run; ends a dead one.
    pub max_run_s: i64,
    /// From failure to the next success.
    pub max_resolution_s: i64,
    /// A backup by hand counts as one of the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub manual_counts: Option<bool>,
    /// By how much the size of a backup may differ from that of others before it is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub size_change_pct: Option<i64>,
    /// Which backups are kept.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub retention: Option<Retention>,
    /// How they are encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub encryption: Option<Encryption>,
    /// Where copies of them lie.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub copies: Option<Copies>,
    /// What is promised of restore tests.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub restore_test: Option<RestoreTestPolicy>,
    /// Queries that must give true after a restore.
    pub smoke: Vec<SmokeQuery>,
    /// Backups besides, each by a schedule of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra_schedules: Vec<ExtraSchedule>,
    /// Where its migrations are read.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub migrations: Option<Migrations>,
}

/// Backups by a schedule of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraSchedule {
    /// What it is called.
    pub name: String,
    /// When they are due.
    pub cron: Schedule,
    /// Account in which they lie, too, by reference.
    pub to: String,
}

macro_rules! promises {
    ($($name:ident: $kind:ty),* $(,)?) => {
        /// `[defaults]`: what holds for each database that does not say otherwise.
        #[derive(Deserialize, Default, Clone)]
        #[serde(deny_unknown_fields)]
        pub(super) struct Promises {
            $($name: Option<$kind>,)*
        }

        /// `[[database]]`.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct WrittenDatabase {
            id: String,
            owner: String,
            provider: String,
            account_ref: String,
            region: String,
            criticality: String,
            #[serde(default)]
            extra_schedules: Vec<ExtraSchedule>,
            migrations: Option<Migrations>,
            $($name: Option<$kind>,)*
        }

        impl WrittenDatabase {
            /// What it says, and what the defaults say where it says nothing. A table of its own replaces that of the
            /// defaults whole.
            fn promises(&self, defaults: &Promises) -> Promises {
                Promises { $($name: self.$name.clone().or_else(|| defaults.$name.clone()),)* }
            }
        }
    };
}

promises! {
    rpo: Duration,
    rto: Duration,
    schedule: Schedule,
    start_tolerance: Duration,
    max_run: Duration,
    max_resolution: Duration,
    manual_counts: bool,
    size_change_pct: i64,
    retention: WrittenRetention,
    encryption: Encryption,
    copies: WrittenCopies,
    restore_test: WrittenRestoreTest,
}

impl WrittenDatabase {
    pub(super) fn resolve(self, defaults: &Promises) -> Result<DatabasePolicy, PolicyError> {
        let promised = self.promises(defaults);
        let needed = |key: &'static str, duration: Option<Duration>| match duration {
            Some(Duration(seconds)) => Ok(seconds),
            None => Err(PolicyError::Missing { database: self.id.clone(), key }),
        };
        let (restore_test, smoke) = promised.restore_test.unwrap_or_default().resolve();
        Ok(DatabasePolicy {
            rpo_s: needed("rpo", promised.rpo)?,
            rto_s: needed("rto", promised.rto)?,
            max_run_s: needed("max_run", promised.max_run)?,
            max_resolution_s: needed("max_resolution", promised.max_resolution)?,
            schedule: promised.schedule,
            start_tolerance_s: promised.start_tolerance.map(|Duration(seconds)| seconds),
            manual_counts: promised.manual_counts,
            size_change_pct: promised.size_change_pct,
            retention: promised.retention.map(Into::into),
            encryption: promised.encryption,
            copies: promised.copies.map(Into::into),
            restore_test,
            smoke,
            extra_schedules: self.extra_schedules,
            migrations: self.migrations,
            id: self.id,
            owner: self.owner,
            provider: self.provider,
            account_ref: self.account_ref,
            region: self.region,
            criticality: self.criticality,
        })
    }
}
