#!/usr/bin/env python3
"""Judges a bundle by the pages of spec/, beside and apart from the program of this repository.

    verify.py BUNDLE [--trust FILE | --root HEX ...] [--root-threshold N] [--previous BUNDLE] [--known-head FILE]
              [--witness FILE [--witness-threshold N]] [--first-contact] [--artifacts FOLDER] [--as-of TIME] [--json]
    verify.py --corpus FOLDER ...   every case of the folders, one line of JSON each; 1 when one is judged otherwise
    verify.py --vectors             every vector of spec/vectors/; 1 when one is read otherwise

Exit codes are those of spec/13-verification.md: 0 verified, 1 rejected, 2 nothing was judged, 3 not established. The
control rules are outside its scope: what the program calls "verified, with exceptions" (4) is 0 here.
"""

import sys

sys.dont_write_bytecode = True

import argparse
import json
import os

from judge import corpus, report, vectors
from judge.archive import Unreadable, open_path
from judge.document import DOCUMENT_BYTES
from judge.trust import HANDOVER_BYTES, Trust, parse_head
from judge.value import Refused, is_digest, is_time
from judge.verification import Verification, add_previous
from judge.witness import FILE_BYTES as WITNESS_BYTES

USAGE = 2


class Wrong(Exception):
    """Nothing was judged: what is wrong, and what to do about it."""


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Wrong(message, "verify.py --help lists the arguments")


def arguments(words):
    parser = _Parser(prog="verify.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", nargs="?", help="a zip, or a folder with its files")
    parser.add_argument("--trust", metavar="FILE", help="a handover: root pins, threshold and a head")
    parser.add_argument("--root", metavar="HEX", action="append", default=[], help="fingerprint of a root key")
    parser.add_argument("--root-threshold", metavar="N", type=int, help="how many of the roots must have signed")
    parser.add_argument("--previous", metavar="BUNDLE", help="the bundle of the period before")
    parser.add_argument("--known-head", metavar="FILE", help="a checkpoint, or a line `origin size root`")
    parser.add_argument("--witness", metavar="FILE", help="verifier keys of witnesses, one a line")
    parser.add_argument("--witness-threshold", metavar="N", type=int, help="how many of them must have cosigned")
    parser.add_argument("--first-contact", action="store_true", help="no head of this history is held yet")
    parser.add_argument("--artifacts", metavar="FOLDER", help="stored objects, to be hashed")
    parser.add_argument("--as-of", metavar="TIME", help="the instant that counts as now; no check here reads it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--corpus", metavar="FOLDER", nargs="+", help="judge the cases of these folders")
    parser.add_argument("--vectors", action="store_true", help="read the vectors of spec/vectors/")
    given = parser.parse_args(words)
    if [given.bundle is not None, given.corpus is not None, given.vectors].count(True) != 1:
        raise Wrong("give a bundle, or --corpus with folders, or --vectors", "verify.py --help lists the arguments")
    return given


def small(path, limit):
    """A file that the reader brings."""
    try:
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise Wrong(f"cannot read {path}: {error.strerror}", "check the path") from None
    if len(data) > limit:
        raise Wrong(f"{path} is longer than {limit} bytes", "check that this is the right file")
    return data


def trust_of(given):
    """Pins, heads and choices; conflicts among them are the reader's to settle."""
    trust = Trust(first_contact=given.first_contact, artifacts=given.artifacts)
    if given.artifacts and not os.path.isdir(given.artifacts):
        raise Wrong(f"{given.artifacts} is no folder", "--artifacts takes the folder with the stored objects")
    if given.trust and given.root:
        raise Wrong("--trust and --root both name root keys", "give one of them; --trust also brings a head")
    if given.as_of and not is_time(given.as_of if "." in given.as_of else given.as_of[:-1] + ".000000Z"):
        raise Wrong("--as-of is no time", "write it like 2026-10-05T08:00:00Z")
    if given.first_contact and (given.previous or given.known_head):
        raise Wrong("--first-contact says that no head is held, and one is given", "leave --first-contact away")
    if given.trust:
        trust.add_handover(small(given.trust, HANDOVER_BYTES))
    if not all(map(is_digest, given.root)):
        raise Wrong("--root is no fingerprint", "a fingerprint is 64 lower-case hex digits")
    if given.root:
        trust.pin(given.root)
    if given.root_threshold is not None:
        if not 1 <= given.root_threshold <= len(trust.pins or ()):
            raise Wrong("--root-threshold is not between 1 and the number of roots", "leave it away to require all")
        trust.threshold = given.root_threshold
    if given.witness_threshold is not None and not given.witness:
        raise Wrong("--witness-threshold without --witness", "give the verifier keys of the witnesses too")
    if given.witness:
        trust.add_witnesses(small(given.witness, WITNESS_BYTES), given.witness_threshold)
    if given.known_head:
        trust.known.append(parse_head(small(given.known_head, DOCUMENT_BYTES).decode("utf-8", "replace")))
    if given.previous:
        add_previous(trust, open_path(given.previous))
    if trust.contradiction():
        one, other = trust.contradiction()
        raise Wrong(
            f"the heads of {one.source} and {other.source} cannot be of one history", "keep both files, and ask"
        )
    return trust


def judge_corpus(folders):
    agree = True
    for folder in folders:
        for path in corpus.cases(folder):
            found = corpus.judge(path)
            agree = agree and found["agrees"]
            print(json.dumps({"folder": os.path.basename(os.path.normpath(folder))} | found))
    return 0 if agree else 1


def read_vectors():
    read, wrong = vectors.disagreements()
    print(f"{read} vectors read, {len(wrong)} otherwise than they say")
    print("".join(f"  {name}\n" for name in wrong), end="")
    return 1 if wrong else 0


def main(words):
    try:
        given = arguments(words)
        if given.corpus:
            return judge_corpus(given.corpus)
        if given.vectors:
            return read_vectors()
        verification = Verification(open_path(given.bundle), trust_of(given))
    except Wrong as wrong:
        what, hint = wrong.args
    except Unreadable as error:
        what, hint = str(error), "a bundle is a zip, or the folder into which it was unpacked"
    except Refused as error:
        what, hint = str(error), "check what you brought: a handover, a head, an earlier bundle"
    else:
        print(report.as_json(verification) if given.json else "\n".join(report.as_text(verification)))
        return report.EXIT[verification.verdict]
    print(f"error: {report.shown(what)}\nhint: {hint}", file=sys.stderr)
    return USAGE


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has read enough; the verdict is lost with the pipe, so nothing was judged.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = USAGE
    sys.exit(code)
