"""`rows.roots`."""

from ..document import parse
from ..facts import BLOBS, needs, nothing
from ..rows import LEAVES, LIST_BYTES, content_root, counts
from ..statement import OMITTED, SEQUENCES
from ..value import refuse_unless


def roots(facts):
    """rows-8."""
    checked, seen = 0, {}
    for statement in facts.need("statements.signed"):
        if statement.kind != "backup":
            continue
        content, said = statement.predicate.get("content"), statement.predicate
        _listed(facts, said["sequences"], SEQUENCES, seen)
        if content is None:
            refuse_unless("content_root" not in said, f"rows-8: a root without tables in {statement.place}")
            continue
        _listed(facts, content["omitted"], OMITTED, seen)
        tables = _listed(facts, content["tables"], LEAVES, seen)
        if tables is not None:
            _judge(statement.place, said, content, tables)
            checked += 1
    if not checked:
        raise nothing("no content root")
    return f"{checked} content roots"


def _listed(facts, listed, is_list, seen):
    """What follows from a list; None when its blob is not carried, which bundle.complete judges. A blob is read once."""
    if type(listed) is list:
        return _summed(listed, is_list)
    if (listed["blob"], is_list) not in seen:
        found = _read(facts, BLOBS + listed["blob"], listed["blob"], is_list)
        seen[listed["blob"], is_list] = found if found is None else _summed(found, is_list)
    return seen[listed["blob"], is_list]


def _summed(found, is_list):
    """Root, tables and rows of leaf objects; of another list, that it is there."""
    return (content_root(found), counts(found)) if is_list is LEAVES else ()


def _read(facts, name, blob, is_list):
    if facts.archive.files.get(name) is None:
        return None
    if facts.archive.digest(name) != blob:
        raise needs("blobs.digests")
    found = parse(facts.archive.files[name], LIST_BYTES)
    refuse_unless(is_list(found), "rows-8: not the members of that list")
    return found


def _judge(place, said, content, tables):
    root, counted = tables
    refuse_unless(root == content["root"], f"rows-8: the tables of {place} have another root")
    refuse_unless(said.get("content_root") == root, f"rows-8: the entry of {place} records another root")
    refuse_unless(content["canonical"] == "pgrow-v1", f"rows-8: the form of {place} is not known")
    blinding = content["blinding"]["alg"], "commitment" in content["blinding"]
    refuse_unless(blinding in (("hmac-v1", True), ("none", False)), f"rows-3: blinding of {place}")
    refuse_unless(counted == (said["tables"], int(said["rows"])), f"rows-8: counts of {place}")
