"""Samples and fields of tables: spec/17-workpapers.md."""

from formats.samples import by_confidence, by_frequency, field, seed, simple, stratified
import hashlib


def population(databases, days):
    lines = ["item_id,occurred_at"]
    for database in databases:
        for day in range(1, days + 1):
            at = f"2026-07-{day:02}T00:00:00.000000Z"
            lines.append(f"{field(f'WW-BK-01/{database}/{at}')},{at}")
    return "".join(line + "\n" for line in lines)


POPULATIONS = [
    ("ten nights", population(["orders-prod"], 10)),
    ("two databases", population(["orders-prod", "billing"], 30)),
    ("names that must be quoted", population(['a "b", c', "łódź"], 7)),
    ("one item", population(["orders-prod"], 1)),
]
REFERENCES = ["9f2c61d07ab34e58", "0" * 64, "4d1e" * 8]


def sample_cases():
    for name, text in POPULATIONS:
        count = len(text.splitlines()) - 1
        for reference in REFERENCES:
            for size in sorted({1, 3, count} & set(range(1, count + 1))):
                for method, draw in (("simple", simple), ("stratified", stratified)):
                    data = text.encode()
                    yield {
                        "name": f"{name}, {method}, {size} by {reference[:8]}",
                        "rule": "workpapers-8" if method == "simple" else "workpapers-9",
                        "control": "WW-BK-01",
                        "population": text,
                        "reference": reference,
                        "method": method,
                        "size": size,
                        "population_sha256": hashlib.sha256(data).hexdigest(),
                        "seed": seed(data, reference, "WW-BK-01"),
                        "items": draw(data, reference, "WW-BK-01", size),
                    }


def size_cases():
    for count in (1, 2, 10, 11, 50, 51, 92, 250, 251, 4000):
        for word in ("yearly", "quarterly", "monthly", "weekly", "daily", "many-a-day", "ad-hoc"):
            yield {
                "name": f"{word} of {count}",
                "rule": "workpapers-10",
                "population": count,
                "frequency": word,
                "size": by_frequency(word, count),
            }
        for confidence, tolerable in (("0.9", "0.1"), ("0.95", "0.05"), ("0.5", "0.5"), ("0.99", "0.01"), ("0.9", "0.001")):
            yield {
                "name": f"{confidence} and {tolerable} of {count}",
                "rule": "workpapers-10",
                "population": count,
                "confidence": confidence,
                "tolerable": tolerable,
                "size": by_confidence(count, float(confidence), float(tolerable)),
            }


def field_cases():
    texts = [
        "", "plain", "a,b", 'say "so"', "two\nlines", "=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x",
        "a=b", "'quoted'", " =1", "=1,2", "-kW4x_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS", "łódź", "'=1",
    ]
    for text in texts:
        yield {"name": repr(text), "rule": "workpapers-4", "text": text, "field": field(text)}


def files():
    return {
        "samples": ("17-workpapers", "Samples of a population, both methods.", list(sample_cases())),
        "sizes": ("17-workpapers", "Sizes of samples, by frequency and by confidence.", list(size_cases())),
        "fields": ("17-workpapers", "Texts as fields of a table.", list(field_cases())),
    }
