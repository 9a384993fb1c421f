"""`artifacts.digests`."""

from ..artifacts import files_of, hashed, named_like, stated
from ..facts import NoInput, nothing
from ..value import refuse_unless


def digests(facts):
    """verification-6: a file that is named like a stored object is that object, byte for byte."""
    if facts.trust.artifacts is None:
        raise NoInput("no stored objects")
    objects, found = stated(facts.need("statements.signed")), 0
    if not objects:
        raise nothing("no backup statement is carried")
    digests_stated = {digest for _, forms in objects for _, digest in forms}
    for path, place in files_of(facts.trust.artifacts):
        is_of, named = hashed(place), named_like(path, objects)
        if is_of is None:
            continue
        is_one = any(is_of in forms for _, forms in objects)
        refuse_unless(is_one or is_of[1] not in digests_stated, f"verification-6: {path} has another size than stated")
        refuse_unless(named is None or is_of in named[1], f"verification-6: {path} is not the object of its name")
        found += is_one
    if not found:
        raise nothing("no file that was brought is an object that a statement names")
    return f"{found} of {len(objects)} objects"
