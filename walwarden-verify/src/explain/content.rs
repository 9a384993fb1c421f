//! Words about `statements.*`, `policy.*`, `rows.*`, `restore.*`, `artifacts.*` and `time.*`.

use super::CheckText;
use crate::report::ReadsAs::{Deletion, Edit, Insertion, Other, ReSigning, Reordering, Truncation};

pub(super) const TEXTS: &[CheckText] = &[
    CheckText {
        id: "statements.signed",
        asks: "Whether every statement about a backup, a restore test or other evidence is signed, and by nobody unknown.",
        compares: "Every signature of every envelope under statements/, under the keys of the registry. Whether a key was allowed to is asked by keys.in-span.",
        fails: &[
            (ReSigning, "a signature does not hold, or is by a key that the registry does not list"),
            (Edit, "a line is no statement of its kind"),
        ],
        not_run: "no statement is carried",
        ask: "Ask for the statement by the digest in its entry, from the organisation's own store.",
    },
    CheckText {
        id: "statements.referenced",
        asks: "Whether each statement belongs to exactly one entry of the chain and says the same as that entry.",
        compares: "The digests of payload and envelope with those in the entry; each member that both have; the ids that an entry refers to, with earlier entries.",
        fails: &[
            (Edit, "a statement says something else than its entry, or an entry names other ids than its data"),
            (ReSigning, "the envelope is not the one that the entry names: its signatures were changed"),
            (Insertion, "no entry names the statement, or more than one does"),
            (Deletion, "an entry refers to an entry that is not there"),
            (Reordering, "the statements are not in the order of their entries"),
            (Other, "a review speaks of a head or an entry that it cannot have seen"),
        ],
        not_run: "",
        ask: "Read both. The entry lies under a signed head and the statement under its own signature: ask which of the two the organisation stands by, and why they differ.",
    },
    CheckText {
        id: "policy.in-force",
        asks: "Whether every entry names the policy that was in force at it, and the policies shown are those that were adopted.",
        compares: "The policy digest in each entry with the last one adopted; both forms of each policy with their digests, with each other and with the entry that adopted them.",
        fails: &[(
            Edit,
            "an entry names another policy, the two forms differ, or an adoption says something else than its policy",
        )],
        not_run: "",
        ask: "Ask for the approved policy document, and compare what it promises with the one in the bundle.",
    },
    CheckText {
        id: "rows.roots",
        asks: "Whether the content root of each backup follows from the tables listed under it.",
        compares: "The root recomputed from the list of tables with the one signed and the one recorded; the counts of tables and rows too. Rows themselves are not in the bundle.",
        fails: &[
            (Edit, "the tables have another root, or other counts, than stated"),
            (Deletion, "a content root is stated without its tables"),
            (Other, "rows are in a form that this version does not know"),
        ],
        not_run: "no backup with a content root is carried",
        ask: "Ask for a restore of that backup, and have the root computed again there.",
    },
    CheckText {
        id: "restore.names-backup",
        asks: "Whether each restore test is of a backup that is recorded, and expects that backup's numbers.",
        compares: "Database, tables, rows and content root that a test expects with those of the completed backup it names, which must be earlier.",
        fails: &[
            (Deletion, "the test names no completed backup before it"),
            (Edit, "the test expects other numbers than its backup has"),
        ],
        not_run: "no restore test is recorded",
        ask: "Ask which dump was restored, and by which file.",
    },
    CheckText {
        id: "restore.outcome-follows",
        asks: "Whether each test that is called passed has passed by its own numbers. One that is called failed is honest: a rule speaks of it.",
        compares: "Steps, queries, digests, roots, tables, rows, schema and sequences of each passed test with what a passed test must have.",
        fails: &[(Other, "a test is called passed, and a number of its own says that it is not")],
        not_run: "no restore-test statement is carried",
        ask: "Ask for the log of the test, and who called it passed.",
    },
    CheckText {
        id: "artifacts.digests",
        asks: "Whether stored objects that you got yourself are the ones that the statements speak of. This is independent of the organisation's word.",
        compares: "Length and SHA-256 of each file that you gave with those of the stored object of its name.",
        fails: &[
            (Edit, "a file named like a stored object has other bytes"),
            (Truncation, "a file named like a stored object is shorter"),
        ],
        not_run: "you gave no stored object (--artifacts), or none that a statement names",
        ask: "Get the object again, by yourself, from the store. If it still differs, that backup cannot be restored to what was stated.",
    },
    CheckText {
        id: "time.timestamps",
        asks: "Whether each time stamp is genuine, over the head that it names, and by an authority that you chose. It says that a head existed not after a time, and nothing of what other histories exist.",
        compares: "Each token with the checkpoint it stands under and with its entry; its signature and chain, at the time that it states, with the roots that you brought.",
        fails: &[
            (Edit, "a token does not hold, is over another head, or its entry says something else"),
            (Insertion, "a token is carried over a head that is not"),
            (Deletion, "an entry speaks of a head that is not carried"),
            (ReSigning, "a token names an authority of yours that has not signed it"),
            (
                Other,
                "a certificate may not stamp times, is out of its time, or of a kind that this version does not take",
            ),
        ],
        not_run: "no time stamp is carried, you brought no root (--tsa-root), or none is by an authority that you named: the time is then the organisation's word",
        ask: "Ask which authority stamps the heads, and get its root certificate from the authority itself.",
    },
];
