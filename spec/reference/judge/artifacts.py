"""Stored objects that the reader brings: files in a folder, held against what statements say of them: verification-6."""

import hashlib
import os
import stat

PIECE = 1 << 20


def files_of(folder):
    """(path below the folder, place) of every plain file; links are not followed."""
    for below, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            place = os.path.join(below, name)
            if stat.S_ISREG(os.lstat(place).st_mode):
                yield os.path.relpath(place, folder), place


def hashed(place):
    """(bytes, digest) of a file, read piece by piece; None when it cannot be read."""
    digest, length = hashlib.sha256(), 0
    try:
        with open(place, "rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
                length += len(piece)
    except OSError:
        return None
    return length, digest.hexdigest()


def stated(statements):
    """Every object that a backup statement names: its key, and what it is, stored and where known before encryption."""
    objects = []
    for said in (one.predicate for one in statements if one.kind == "backup"):
        pairs = [(said["object"], said["plain"]), (said["globals"]["object"], said["globals"]["plain"])]
        pairs += [(said["rowkey"]["object"], None)] if "rowkey" in said else []
        for stored, plain in pairs:
            forms = {(int(form["bytes"]), form["sha256"]) for form in (stored, plain) if form}
            objects.append((stored["key"].split("/"), forms))
    return objects


def named_like(path, objects):
    """The one object whose key the path ends with, or which ends with the path; None without one, or with several."""
    parts = path.split(os.sep)
    found = [one for one in objects if parts[-len(one[0]) :] == one[0] or one[0][-len(parts) :] == parts]
    return found[0] if len(found) == 1 else None
