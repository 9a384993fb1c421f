"""The artefact at the head of each page: taken from the vectors, written into the page, compared by --check.

A page names its artefact in a comment, and the code block below it is written by vectors.py:

    <!-- artefact: lines.json "seq-2" line json -->

that is the file, the case, a member of it (or `*` for the whole case) and how it is shown: `text` as it is, `json` laid out
for people (the JCS of what is shown is the artefact), `base64-json` the same of what base64 holds.
"""

import base64
import json
import re

import formats

ARTEFACT = re.compile(
    r'<!-- artefact: (?P<file>\S+\.json) "(?P<case>[^"]+)" (?P<member>\S+) (?P<form>text|json|base64-json) -->\n'
    r"(?P<block>```[a-z]*\n.*?\n```\n)?",
    re.DOTALL,
)
SLUG = re.compile(r'<a id="([a-z]+-[0-9]+)"></a>\*\*([a-z]+-[0-9]+)\*\*')


def shown(value, form):
    """The lines between the fences."""
    if form == "text":
        return value.rstrip("\n")
    if form == "base64-json":
        value = base64.b64decode(value).decode()
    value = json.loads(value) if isinstance(value, str) else value
    return json.dumps(value, indent=2, ensure_ascii=False)


def with_artefacts(text, documents):
    """The page with every artefact written as the vectors have it."""

    def block(match):
        cases = json.loads(documents[match["file"]])["cases"]
        case = next(case for case in cases if case["name"] == match["case"])
        value = case if match["member"] == "*" else case[match["member"]]
        fence = "text" if match["form"] == "text" else "json"
        head = match[0][: match[0].index("-->\n") + 4]
        body = shown(value, match["form"])
        if match["form"] != "text" and isinstance(value, str):
            assert formats.parse(value_bytes(value, match["form"])), "an artefact laid out is canonical as it stands"
        return f"{head}```{fence}\n{body}\n```\n"

    return ARTEFACT.sub(block, text)


def value_bytes(value, form):
    """The canonical bytes that are shown laid out."""
    return base64.b64decode(value) if form == "base64-json" else value.encode()


def faults(name, text):
    """What is wrong with a page: no artefact at its head, slugs doubled, unlike their page, or out of order."""
    page = re.fullmatch(r"\d\d-([a-z]+)\.md", name)[1]
    found = []
    first = ARTEFACT.search(text)
    if not first or "<a id=" in text[: first.start()] or "```" in text[: first.start()] or not first["block"]:
        found.append("opens without an artefact")
    slugs = SLUG.findall(text)
    if any(a != b for a, b in slugs):
        found.append("an anchor and its name differ")
    names = [a for a, _ in slugs]
    # The number of a rule that was planned and not written stays free.
    numbers = [int(name.removeprefix(f"{page}-")) for name in names if name.startswith(f"{page}-")]
    if len(numbers) != len(names) or numbers != sorted(set(numbers)) or numbers[:1] not in ([], [1]):
        found.append(f"its rules are not {page}-1, ... in order: {names}")
    return found
