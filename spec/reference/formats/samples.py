"""Reproducible samples of a population: spec/17-workpapers.md."""

import csv
import hashlib
import io
import math

GUARDED = "=+-@\t\r\n＝＋－＠"
FREQUENCIES = {"yearly": 1, "quarterly": 2, "monthly": 2, "weekly": 5, "daily": 25, "many-a-day": 40}


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def field(text):
    """A text as a field of a table: guarded, then quoted as RFC 4180 says."""
    if text[:1] and text[0] in GUARDED:
        text = "'" + text
    if any(c in text for c in ',"\r\n'):
        text = '"' + text.replace('"', '""') + '"'
    return text


def seed(population, reference, rule):
    return digest(f"walwarden-sample-v1|{reference}|{rule}|{hashlib.sha256(population).hexdigest()}")


def items(population):
    """(occurred_at, item_id) of each row, as they stand."""
    rows = csv.DictReader(io.StringIO(population.decode(), newline=""))
    return [(row["occurred_at"], row["item_id"]) for row in rows]


def simple(population, reference, rule, size):
    start = seed(population, reference, rule)
    return sorted((item for _, item in items(population)), key=lambda item: digest(f"{start}|{item}"))[:size]


def stratified(population, reference, rule, size):
    start, rows, at, drawn = seed(population, reference, rule), sorted(items(population)), 0, []
    for run in range(size):
        length = len(rows) // size + (run < len(rows) % size)
        drawn.append(rows[at + int(digest(f"{start}|{run}")[:16], 16) % length][1])
        at += length
    return drawn


def by_frequency(word, population):
    """Common practice, never more than there are."""
    if word == "ad-hoc":
        steps = ((250, 25), (50, 15), (10, 8))
        return next((size for above, size in steps if population > above), population)
    return min(FREQUENCIES[word], population)


def by_confidence(population, confidence, tolerable):
    """The least size of which the chance to miss every deviation is at most 1 - confidence."""
    deviating = max(1, math.floor(population * tolerable))
    missed = 1.0
    for size in range(population + 1):
        if missed <= (1 - confidence) * (1 + 1e-9):
            return size
        missed *= max(0, population - deviating - size) / (population - size)
    return population
