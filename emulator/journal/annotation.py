"""A request written out line by line, with a mark at each place that broke a rule.

It works on the JSON of an entry, so entries from files and other emulators are annotated too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from emulator.json_types import Json, JsonObject, dumps, escape_step, pointer_steps

CONTEXT_LINES = 4
"""How many lines are shown before and after each mark of a long request."""

MAX_LINES = 60
"""Of a request with more lines only those around its marks are shown."""


@dataclass(slots=True)
class AnnotatedLine:
    """A line of the request, with the indexes of the findings that are about it.

    `skipped` counts the lines left out before it; an empty line stands for those at the end.
    """

    text: str
    findings: list[int] = field(default_factory=list)
    skipped: int = 0

    def to_json(self) -> JsonObject:
        """Return the line as JSON, without empty members."""
        row: JsonObject = {"text": self.text}
        if self.findings:
            row["findings"] = self.findings
        if self.skipped:
            row["skipped"] = self.skipped
        return row


def annotate(entry: JsonObject) -> list[AnnotatedLine]:
    """Return the lines of an entry's request with marks; of a long one those around the marks."""
    writer = _Writer()
    writer.write(entry["request"])
    for index, item in enumerate(entry["findings"]):
        writer.line_at(item["at"]).findings.append(index)
    return _excerpt(writer.lines)


class _Writer:
    """Writes a request and remembers the line of each place of the request document."""

    def __init__(self) -> None:
        self.lines: list[AnnotatedLine] = []
        self._places: dict[str, AnnotatedLine] = {}

    def write(self, request: JsonObject) -> None:
        first = self._add(f"{request['method']} {request['url']}", "")
        for place in ("/path", "/query", "/known_query", "/sandboxless"):
            self._places[place] = first
        for name, value in request["headers"].items():
            self._add(f"{name}: {value}", f"/headers/{escape_step(name)}")
        # The empty line at their end stands for headers that are missing.
        end = self._add("", "/headers")
        self._places["/content"] = end
        self._places["/content/type"] = self._places.get("/headers/content-type", end)
        self._write_body(request)

    def _write_body(self, request: JsonObject) -> None:
        first = len(self.lines)
        if "body" in request:
            self._json(request["body"], "/body", "", "")
        elif "text" in request:
            for text in request["text"].split("\n"):
                self._add(text, "/body")
            if request.get("truncated"):
                self._add("…", "/body")
        if first < len(self.lines):
            for place in ("/body", "/content"):
                self._places[place] = self.lines[first]

    def _json(self, value: Json, place: str, before: str, after: str, indent: str = "") -> None:
        """Write a JSON value; its first line begins with `before`, its last ends with `after`."""
        if not isinstance(value, dict | list) or not value:
            self._add(f"{indent}{before}{dumps(value).decode()}{after}", place)
            return
        is_object = isinstance(value, dict)
        self._add(f"{indent}{before}{'{' if is_object else '['}", place)
        for step, name, item, is_last in _members(value):
            self._json(item, f"{place}/{step}", name, "" if is_last else ",", indent + "  ")
        self._add(f"{indent}{'}' if is_object else ']'}{after}", "")

    def _add(self, text: str, place: str) -> AnnotatedLine:
        line = AnnotatedLine(text)
        self.lines.append(line)
        self._places.setdefault(place, line)
        return line

    def line_at(self, pointer: str) -> AnnotatedLine:
        """Return the line of a place, or of the nearest place around it."""
        steps = [escape_step(step) for step in pointer_steps(pointer)]
        while steps:
            found = self._places.get("/" + "/".join(steps))
            if found is not None:
                return found
            steps.pop()
        return self.lines[0]


def _members(value: JsonObject | list[Json]) -> Iterator[tuple[str, str, Json, bool]]:
    """Yield step, text to write before the value, value, and whether it is the last."""
    last = len(value) - 1
    if isinstance(value, dict):
        for index, (name, item) in enumerate(value.items()):
            yield escape_step(name), f"{dumps(name).decode()}: ", item, index == last
    else:
        for index, item in enumerate(value):
            yield str(index), "", item, index == last


def lines_about(entry: JsonObject, rule: str, context: int = 2) -> list[JsonObject]:
    """Return the annotated lines of an entry that are about one rule, and some around them.

    `entry` has its `annotatedRequest`; marks of other rules are dropped.
    """
    lines = [
        AnnotatedLine(row["text"], skipped=row.get("skipped", 0))
        for row in entry["annotatedRequest"]
    ]
    for line, row in zip(lines, entry["annotatedRequest"], strict=True):
        line.findings = [
            index for index in row.get("findings", ()) if entry["findings"][index]["rule"] == rule
        ]
    return [line.to_json() for line in _around_marks(lines, context)]


def _excerpt(lines: list[AnnotatedLine]) -> list[AnnotatedLine]:
    return lines if len(lines) <= MAX_LINES else _around_marks(lines, CONTEXT_LINES)


def _around_marks(lines: list[AnnotatedLine], context: int) -> list[AnnotatedLine]:
    """Return the first line and those around the marks, with counts of the lines left out."""
    marks = [index for index, line in enumerate(lines) if line.findings] or [0]
    wanted = {0} | {
        near
        for index in marks
        for near in range(max(0, index - context), min(len(lines), index + context + 1))
    }
    excerpt: list[AnnotatedLine] = []
    skipped = 0
    for index, line in enumerate(lines):
        if index in wanted:
            line.skipped += skipped
            excerpt.append(line)
            skipped = 0
        else:
            skipped += 1 + line.skipped
    if skipped:
        excerpt.append(AnnotatedLine("", skipped=skipped))
    return excerpt
