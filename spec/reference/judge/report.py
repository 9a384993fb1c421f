"""What is printed: every check, always; text from a bundle is shown, never obeyed."""

import json
import unicodedata

# Checks of verification-4 that this verifier does not run.
OUTSIDE = ("time.timestamps",)
EXIT = {"verified": 0, "rejected": 1, "not-established": 3}
SCOPE = "Outside the scope of this verifier too: the control rules of spec/12, so that exit 0 stands for 0 and 4."
_WORDS = {"verified": "VERIFIED", "rejected": "REJECTED", "not-established": "NOT ESTABLISHED"}


def shown(text):
    """model-6: control characters and changes of direction made visible, and a limit of length."""
    return "".join(c if unicodedata.category(c)[0] != "C" else f"\\u{{{ord(c):x}}}" for c in text[:400])


def as_text(verification):
    """Lines for people."""
    results = verification.results
    count = {outcome: len(verification.of(outcome)) for outcome in ("pass", "fail", "not run", "accepted")}
    counts = ", ".join(f"{number} {outcome}" for outcome, number in count.items())
    yield f"{_WORDS[verification.verdict]}: {counts}"
    for result in results:
        yield f"  {result.outcome:8}  {result.check:26}  {shown(result.detail)}"
    for check in OUTSIDE:
        yield f"  {'outside':8}  {check:26}  outside the scope of this verifier"
    yield SCOPE


def as_json(verification):
    """One JSON document."""
    checks = [
        {"check": result.check, "outcome": result.outcome, "required": result.required, "detail": shown(result.detail)}
        for result in verification.results
    ]
    verdict = verification.verdict
    document = {"verdict": verdict, "exit": EXIT[verdict], "checks": checks, "outside": ["rules", *OUTSIDE]}
    return json.dumps(document, indent=1)
