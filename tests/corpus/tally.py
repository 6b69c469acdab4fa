"""Counts the corpus for its README: `python -m tests.corpus.tally` prints both tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from tests.corpus.printed_requests import FOLDER, Outcome, pages
from tests.corpus.replay import replay


def sizes() -> str:
    """Return the table of pages and requests by service."""
    found = [(page[0].file.partition("/")[0], len(page)) for page in pages()]
    rows = []
    for service in sorted({name for name, _ in found}):
        counts = [count for name, count in found if name == service]
        rows.append((service, len(counts), sum(counts)))
    rows.append(("all", len(found), sum(count for _, count in found)))
    return _table(("service", "pages", "requests"), rows)


def results(outcomes: Iterable[Outcome]) -> str:
    """Return the table of what became of the requests, the deviations by kind."""
    told: Counter[str] = Counter()
    for each in outcomes:
        if each.is_fine:
            is_made = each.response.status < 300
            kind = "accepted" if is_made else "absent" if each.is_absent else "refused"
            told[f"as the page says: {kind}"] += 1
    listed = json.loads((FOLDER / "deviations.json").read_text(encoding="utf-8"))
    told.update(f"deviation: {row['kind']}" for row in listed)
    rows = sorted(sorted(told.items()), key=lambda item: item[1], reverse=True)
    return _table(("result", "requests"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [head, ("---", *("---:" for _ in head[1:])), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


if __name__ == "__main__":
    print(sizes(), results(each for page in pages() for each in replay(page)), sep="\n\n")
