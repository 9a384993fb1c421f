//! Landlock: which files may be opened.

use std::path::PathBuf;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, LandlockStatus, RestrictionStatus, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::{Part, Reach};

/// The version asked for; what an older kernel does not know is left out, and said.
const ASKED: ABI = ABI::V6;

/// What each version added, from version 2; a kernel below it does not restrict this.
const ADDED: [(i32, &str); 4] = [
    (3, "truncation of files"),
    (4, "TCP"),
    (5, "device controls of files opened from here on"),
    (6, "signals and abstract sockets"),
];

/// Restricts this thread and those it will start.
pub(super) fn restrict(reach: &Reach) -> Part {
    match apply(reach) {
        Ok(status) => words(&status.ruleset, status.landlock),
        Err(error) => Part::Refused(error.to_string()),
    }
}

fn apply(reach: &Reach) -> Result<RestrictionStatus, RulesetError> {
    let write = AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::RemoveFile | AccessFs::Truncate;
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ASKED))?
        .handle_access(AccessNet::from_all(ASKED))?
        .scope(Scope::from_all(ASKED))?
        .create()?
        .add_rules(path_beneath_rules(existing(&reach.read), AccessFs::ReadFile | AccessFs::ReadDir))?
        .add_rules(path_beneath_rules(existing(&reach.write), write))?
        .restrict_self()
}

/// Those that have a place in the file system. A pipe between programs has none, and is not restricted.
fn existing(paths: &[PathBuf]) -> impl Iterator<Item = PathBuf> {
    paths.iter().filter_map(|path| path.canonicalize().ok())
}

fn words(ruleset: &RulesetStatus, kernel: LandlockStatus) -> Part {
    let abi = match (ruleset, kernel) {
        (RulesetStatus::FullyEnforced, _) => ASKED as i32,
        (RulesetStatus::PartiallyEnforced, LandlockStatus::Available { effective_abi, .. }) => effective_abi as i32,
        (_, LandlockStatus::NotEnabled) => return Part::Refused("this kernel has it and does not enable it".into()),
        _ => return Part::Refused("not offered by this kernel, or by what this program runs in".into()),
    };
    let mut words = format!("ABI {abi}: reads only what was given to it, writes only where its outputs go");
    let missing: Vec<&str> = ADDED.iter().filter(|(since, _)| *since > abi).map(|(_, what)| *what).collect();
    if !missing.is_empty() {
        words.push_str(&format!("; this kernel's version does not cover {}", missing.join(", ")));
    }
    Part::InForce(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_kernel_is_said_to_be_one() {
        let old = LandlockStatus::Available { effective_abi: ABI::V3, kernel_abi: None };
        assert_eq!(
            words(&RulesetStatus::PartiallyEnforced, old),
            Part::InForce(
                "ABI 3: reads only what was given to it, writes only where its outputs go; this kernel's \
                 version does not cover TCP, device controls of files opened from here on, signals and \
                 abstract sockets"
                    .into()
            )
        );
        let new = LandlockStatus::Available { effective_abi: ABI::V7, kernel_abi: None };
        assert_eq!(
            words(&RulesetStatus::FullyEnforced, new),
            Part::InForce("ABI 6: reads only what was given to it, writes only where its outputs go".into())
        );
        for absent in [LandlockStatus::NotEnabled, LandlockStatus::NotImplemented] {
            let words = words(&RulesetStatus::NotEnforced, absent);
            assert!(matches!(words, Part::Refused(_)), "{words:?}");
        }
    }
}
