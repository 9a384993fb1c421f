#!/usr/bin/env python3
"""Writes spec/vectors/*.json and the artefact at the head of each page; with --check compares, exit 1 if they differ.

Standard library only. The cases stand in cases_*.py, the formats in formats/, the signatures in ed25519.py; nothing
here was written from the Rust code, so that the two can disagree.
"""

import sys

sys.dont_write_bytecode = True

import json
import pathlib

import cases_bundle
import cases_bytes
import cases_chain
import cases_events
import cases_fork
import cases_keys
import cases_merkle
import cases_occurrences
import cases_policy
import cases_rows
import cases_rules
import cases_samples
import cases_signer
import cases_statements
import pages

SPEC = pathlib.Path(__file__).resolve().parent.parent
FAMILIES = (
    cases_bytes,
    cases_rows,
    cases_merkle,
    cases_chain,
    cases_events,
    cases_keys,
    cases_statements,
    cases_rules,
    cases_occurrences,
    cases_policy,
    cases_samples,
    cases_signer,
    cases_bundle,
    cases_fork,
)


def files():
    """Every file by name: an object of `about`, `page` and `cases`, each case with a `name` of its own."""
    result = {}
    for family in FAMILIES:
        for name, (page, about, cases) in family.files().items():
            names = [case["name"] for case in cases]
            assert len(set(names)) == len(names), f"{name}: two cases of one name"
            assert name not in result, f"{name} is written twice"
            document = {"about": about, "page": page, "cases": cases}
            result[name + ".json"] = json.dumps(document, indent=1, ensure_ascii=True) + "\n"
    return result


def present():
    """What is there now: vectors and pages, by path below spec/."""
    found = [*SPEC.glob("vectors/*.json"), *SPEC.glob("[0-9][0-9]-*.md")]
    return {str(path.relative_to(SPEC)): path.read_text() for path in found}


def wanted(now):
    """What should be there."""
    documents = files()
    result = {"vectors/" + name: text for name, text in documents.items()}
    return result | {name: pages.with_artefacts(now[name], documents) for name in now if name.endswith(".md")}


def main(arguments):
    now = present()
    want = wanted(now)
    complaints = [
        f"{name} {fault}" for name in want if name.endswith(".md") for fault in pages.faults(name, want[name])
    ]
    if arguments == ["--check"]:
        differ = sorted(name for name in want.keys() | now.keys() if want.get(name) != now.get(name))
        complaints += [f"{name} differs from what spec/reference/vectors.py writes" for name in differ]
    elif arguments:
        print("error: the only option is --check", file=sys.stderr)
        return 2
    else:
        for name in now.keys() - want.keys():
            (SPEC / name).unlink()
        for name, text in want.items():
            (SPEC / name).write_text(text)
        print(f"{len(files())} files in spec/vectors")
    for complaint in complaints:
        print(f"spec/{complaint}", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
