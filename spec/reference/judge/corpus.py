"""Cases of fixtures/: each judged as its .toml says what the reader brings."""

import pathlib
import tomllib

from .archive import Unreadable, open_path
from .report import OUTSIDE
from .trust import Trust, parse_head
from .value import Refused
from .verification import Verification, add_previous


def cases(folder):
    """The cases of a folder, in order of their names."""
    return sorted(pathlib.Path(folder).glob("*.toml"))


def trust_of(path, case):
    """What the reader of a case brings."""
    trust = Trust(first_contact=case.get("first_contact", False))
    if "trust" in case:
        trust.add_handover((path.parent / case["trust"]).read_bytes())
    if "roots" in case:
        trust.pin(case["roots"], case.get("threshold"))
    if "known_head" in case:
        trust.known.append(parse_head(case["known_head"]))
    if "witness" in case:
        trust.add_witnesses((path.parent / case["witness"]).read_bytes(), case.get("witness_threshold"))
    if "previous" in case:
        add_previous(trust, open_path(path.parent / case["previous"]))
    return trust


def judge(path):
    """What this verifier makes of a case, and whether that is what its .toml says."""
    case = tomllib.loads(path.read_text())
    try:
        found = Verification(open_path(path.with_suffix(".zip")), trust_of(path, case))
        verdict, fails, not_run = found.verdict, found.of("fail"), found.of("not run")
        why = {result.check: result.detail for result in found.results if result.outcome == "fail"}
    except (Unreadable, Refused) as error:
        verdict, fails, not_run, why = "unreadable", [], [], {"": str(error)}
    expected = {"exceptions": "verified"}.get(case["verdict"], case["verdict"])
    # What is outside the scope of this verifier is not compared, nor a verdict that rests on nothing else.
    if case["fails"] and set(case["fails"]) <= set(OUTSIDE):
        expected = "verified"
    asked = [set(case["fails"]) - set(OUTSIDE), set(case["not_run"]) - set(OUTSIDE)]
    agrees = verdict == expected and [set(fails), set(not_run)] == asked
    return {"case": path.stem, "agrees": agrees, "verdict": verdict, "fails": fails, "not_run": not_run, "why": why}
