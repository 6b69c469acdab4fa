"""An explained entry as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.json_types import Json, JsonObject, dumps, pointer_steps
from emulator.plurals import counted

MAX_WIDTH = 140
"""How many characters of a line are shown."""

MAX_SHORT = 3
"""How many rules are told of in short."""

NO_FINDINGS = "No findings: the request broke no rule."


def explanation_lines(entry: JsonObject) -> Iterator[str]:
    """Yield the lines that show an explained entry, the result of `explain`."""
    yield _headline(entry)
    facts = {
        "operation": entry["operation"],
        "test": entry["test"],
        "sandbox": entry["sandbox"],
        "edition": entry["edition"],
        "time": entry["time"],
    }
    yield "    " + ", ".join(f"{name} {value}" for name, value in facts.items() if value)
    yield ""
    yield from annotated_lines(entry["annotatedRequest"], entry["findings"])
    for item in _told(entry["findings"]):
        yield ""
        yield from finding_lines(item)
    if said := _unbroken(entry):
        yield ""
        yield said
    if entry.get("editions"):
        yield ""
        yield "The same request in each edition:"
        for name, said in entry["editions"].items():
            rule = f"  {said['rule']}: {said['states']}" if "rule" in said else ""
            yield f"  {name:<9}{said['outcome']:<9}{rule}".rstrip()
    if entry.get("lastAccepted"):
        yield ""
        yield _later(entry)


def short_lines(entry: JsonObject) -> Iterator[str]:
    """Yield an explained entry in a few lines: what was sent, what rules want, and how to mend it.

    Of many rules these are the first `MAX_SHORT`, as they are told in full.
    """
    yield _headline(entry)
    told = _told(entry["findings"])
    for item in told[:MAX_SHORT]:
        yield f"{item['rule']}  ({_judgement(item)})"
        place = ".".join(pointer_steps(item["at"])) or "request"
        places = sum(other["rule"] == item["rule"] for other in entry["findings"])
        more = f" (and {places - 1} more)" if places > 1 else ""
        reason = " ".join((item["reason"] or "is not as it should be").split())
        yield f"  sent      {_short(f'{place}: {reason}')}{more}"
        for name, label in (("states", "wanted"), ("fix", "fix")):
            if item.get(name):
                yield f"  {label:<9} {item[name]}"
    if said := _unbroken(entry):
        yield said
    if (left := len(told) - MAX_SHORT) > 0:
        yield f"and {counted(left, 'more rule')}: aep-emulator explain {entry['id']}"
    if entry.get("lastAccepted"):
        yield _later(entry)


def _unbroken(entry: JsonObject) -> str:
    """Return what is to be said beside findings: that a fault hit the call, or there are none."""
    if entry.get("faulted"):
        return f"{entry['faulted'][0].upper()}{entry['faulted'][1:]}."
    return "" if entry["findings"] else NO_FINDINGS


def _later(entry: JsonObject) -> str:
    """Return what became of the calls after it: how many, and the last that was warned of."""
    later = entry["later"]
    count = later["calls"]
    were = "1 call after it was" if count == 1 else f"{count} calls after it were"
    warned = later["lastWarned"]
    with_warning = f"; #{warned} with a warning: aep-emulator explain {warned}" if warned else ""
    return f"{were} accepted, the last is #{entry['lastAccepted']}{with_warning}."


def _headline(entry: JsonObject) -> str:
    return (
        f"#{entry['id']}  {entry['method']} {entry['path']}  {entry['status']} {entry['outcome']}"
    )


def annotated_lines(lines: list[JsonObject], broken: list[JsonObject]) -> Iterator[str]:
    """Yield the request with an arrow at each marked line, and the reasons below it."""
    for line in lines:
        if skipped := line.get("skipped"):
            yield f"      … {skipped} lines"
            if not line["text"] and "findings" not in line:
                continue
        marks = line.get("findings", [])
        yield f"{'  >' if marks else '   '} | {_short(line['text'])}".rstrip()
        indent = len(line["text"]) - len(line["text"].lstrip())
        for index in marks:
            item = broken[index]
            first, *more = (item["reason"] or item.get("states", item["rule"])).splitlines() or [""]
            yield f"    | {' ' * indent}^ {first}"
            yield from (f"    | {' ' * indent}  {line}" for line in more)


def _told(findings: list[JsonObject]) -> list[JsonObject]:
    """Return a finding for each rule: what it refused first, what no document states last.

    A rule that is broken at several places has a mark at each, and is told of once.
    """
    by_rule: dict[str, JsonObject] = {}
    for item in findings:
        known = by_rule.setdefault(item["rule"], item)
        by_rule[item["rule"]] = {**known, "refused": known["refused"] or item["refused"]}
    return sorted(
        by_rule.values(),
        key=lambda item: item.get("evidence") == "assumed" and not item["refused"],
    )


def finding_lines(item: JsonObject) -> Iterator[str]:
    """Yield the lines that explain a finding."""
    yield f"{item['rule']}  ({_judgement(item)})"
    if item.get("states"):
        yield f"  {item['states']}"
    for document in item.get("documents", ()):
        yield from document_lines(document)
    if item.get("evidence") == "assumed":
        yield "  evidence  assumed by this emulator; no document states it"
    if item.get("structural"):
        yield f"  refused   because it cannot be carried out: {item['structural']}"
    if item.get("muteReason"):
        yield f"  muted     {item['muteReason']}"
    values = [_text(value) for value in item.get("accepts", {}).get("values", [])]
    for index, value in enumerate(values):
        yield f"  {'' if index else 'accepted':<9} {_short(value)}"
    if item.get("fix"):
        yield f"  fix       {item['fix']}"


def _judgement(item: JsonObject) -> str:
    facts = [item["severity"], *(["refused the request"] if item["refused"] else [])]
    if item["classification"] != "unexpected":
        facts.append(item["classification"])
    return ", ".join(facts)


def document_lines(document: JsonObject, indent: str = "  ", width: int = 9) -> Iterator[str]:
    """Yield the lines that tell a document of a rule: which, what it does, and where to read it."""
    title = f"{document['title']}, {document['publisher']} {document['date']}"
    yield f"{indent}{document.get('does', 'document'):<{width}} {title}"
    for name in ("passage", "address"):
        if name in document:
            yield f"{indent}{'':<{width}} {document[name]}"


def _text(value: Json) -> str:
    return dumps(value).decode()


def _short(text: str) -> str:
    return text if len(text) <= MAX_WIDTH else text[: MAX_WIDTH - 1] + "…"
