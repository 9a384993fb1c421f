//! Words about `chain.*`.

use super::CheckText;
use crate::report::ReadsAs::{Deletion, Edit, Insertion, Other, ReSigning, Reordering, Truncation};

pub(super) const TEXTS: &[CheckText] = &[
    CheckText {
        id: "chain.canonical",
        asks: "Whether every line of the chain is an entry with exactly the members of one.",
        compares: "Each line of chain/entries.ndjson with the form of an entry.",
        fails: &[(Edit, "a line is no entry, is empty, or is not ended by a line feed")],
        not_run: "",
        ask: "Read the line that is named. Ask for the chain again, and compare.",
    },
    CheckText {
        id: "chain.not-empty",
        asks: "Whether there is anything to judge: a verdict over nothing would be none.",
        compares: "The number of entries, and of those recorded in the period, with zero.",
        fails: &[],
        not_run: "the chain has no entry, or none was recorded in the period; the verdict is then not established",
        ask: "Ask what happened in the period: a system that runs records something every day.",
    },
    CheckText {
        id: "chain.contiguous",
        asks: "Whether an entry is missing, doubled or moved. It says where; chain.roots proves it.",
        compares: "For each line its number, the digest of the line before, its id, its origin and when it was recorded, with those of its neighbours.",
        fails: &[
            (Edit, "an entry does not follow from the bytes of the one before: one of the two was changed"),
            (Deletion, "a number is skipped and occurs nowhere"),
            (Insertion, "a number or an id occurs twice, or a line is of another chain"),
            (Reordering, "a number is skipped and occurs later, or an entry was recorded before the one before it"),
            (Other, "the lines are no chain in another way"),
        ],
        not_run: "",
        ask: "Ask for the entries about the place named, from another copy of the chain.",
    },
    CheckText {
        id: "chain.checkpoints-signed",
        asks: "Whether each head that the bundle carries was signed by the organisation's log key.",
        compares: "The signature of each checkpoint, under the log keys of the registry version in force at its last entry; sizes must rise.",
        fails: &[
            (Edit, "a checkpoint is not in its form, or a signature does not hold"),
            (ReSigning, "no log key in force there has signed it"),
            (Insertion, "a checkpoint is of another chain"),
            (Reordering, "the sizes do not rise"),
            (Deletion, "no checkpoint is carried"),
        ],
        not_run: "",
        ask: "Ask who holds the log key, and whether it was replaced about that time.",
    },
    CheckText {
        id: "chain.roots",
        asks: "Whether the entries shown are the entries that were signed. This is the check on which the record rests.",
        compares: "The Merkle root recomputed over the lines shown, at the size of every checkpoint, with the root that was signed.",
        fails: &[
            (
                Edit,
                "the first lines up to a signed head are not those that were signed: one was changed, taken out or put in",
            ),
            (Truncation, "a signed head covers more lines than are shown"),
            (Other, "the tree cannot be built"),
        ],
        not_run: "",
        ask: "chain.contiguous often says where. Ask for another copy of the chain, and which lines differ; ask who could write to it after it was signed.",
    },
    CheckText {
        id: "chain.proofs",
        asks: "Whether each head is proved to continue the one before, for a reader who has heads only.",
        compares: "Each consistency proof of chain/proofs.json with the roots of the two heads it joins.",
        fails: &[
            (Edit, "a proof does not hold, or is not for a pair of successive heads"),
            (Deletion, "a proof is missing"),
        ],
        not_run: "",
        ask: "The lines themselves are judged by chain.roots. A spoilt proof beside intact lines is damage or carelessness: ask for the file again.",
    },
    CheckText {
        id: "chain.ends-at-checkpoint",
        asks: "Whether the last entry lies under the last signed head, and the bundle names that head as its end.",
        compares: "The head of all lines shown with the last checkpoint and with the end in the bundle's statement.",
        fails: &[
            (Insertion, "lines follow the last checkpoint: nobody signed them"),
            (Edit, "the bundle names another head as its end"),
        ],
        not_run: "",
        ask: "Ask for the checkpoint that covers the last lines, or for a bundle that was sealed after it.",
    },
    CheckText {
        id: "chain.known",
        asks: "Whether this history continues the one that you saw before. Only a head that you hold can show that.",
        compares: "The root of the lines shown, at the size of each head that you gave, with the root in that head.",
        fails: &[
            (ReSigning, "the lines up to your head are not those that you saw: this is another history"),
            (
                Truncation,
                "your head covers more lines than are shown: a newer history is withheld, or the bundle is older than your head",
            ),
            (Other, "your head is of another chain"),
        ],
        not_run: "no head was given. With --first-contact it counts as accepted by you, which is no pass",
        ask: "Keep both files. `walwarden-verify compare` of the two bundles says whether a fork is shown, and writes the evidence. Ask the organisation for both histories in full.",
    },
    CheckText {
        id: "chain.witnessed",
        asks: "Whether somebody whom you chose saw this history at or after the end of the period, so that no other version was shown to them.",
        compares: "Cosignatures on the checkpoints with the witness keys that you brought; those that the organisation names do not count.",
        fails: &[
            (Edit, "a cosignature that claims a witness of yours does not hold"),
            (Other, "too few of your witnesses have cosigned a head that closes the period"),
        ],
        not_run: "you brought no witness key: nothing then shows that no other version of this history exists after the head you hold",
        ask: "Ask whether the organisation has its heads witnessed, and get the witness's key from the witness.",
    },
];
