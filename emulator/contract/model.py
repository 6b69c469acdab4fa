"""What the files in `contracts/` say, field by field.

Plain dataclasses, so that the start needs no pydantic; `contract.checkup` has pydantic validate raw
files against these same definitions and derives the JSON Schemas in `contracts/schema/` from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from emulator.json_types import Json, JsonObject

Evidence = Literal["stated", "shown", "observed", "assumed"]
Does = Literal["demands", "observed", "shows", "assumed"]
Sources = dict[str, str]
"""Documents by id, each with the passage: section and what stands there."""

Severity = Literal["error", "warning", "note"]
Role = Literal["list", "get", "search", "create", "replace", "update", "delete", "act", "ask"]

GATE = "platform.gate"
BODY = "platform.body"
"""What is judged before an operation's own rules, under the names of operations."""

UNGATED = ("ims",)
"""Services that are called without the platform's headers."""

STRICT = {"extra": "forbid"}
"""Files have no other members than these; pydantic reads it as `__pydantic_config__`."""


@dataclass(frozen=True, slots=True)
class Document:
    """A public source in one edition.

    `date` is a year, a month or a day; `address` is where it can be read. One of the kind `report`
    tells what the platform answered somebody; one of the kind `house` is an organization's own and
    stands in an overlay.
    """

    id: str
    title: str
    publisher: str
    date: str
    kind: Literal["tutorial", "guide", "reference", "client", "report", "assumption", "house"]
    address: str = ""
    note: str = ""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A path, with all below it, that belongs to no emulated service, and that clients ask for.

    Args:
        path: Its beginning, up to the end of a segment.
        title: The service of the platform's that it belongs to.
        isProbe: Browsers and monitors ask any server for it, so it says nothing about a client.
        instead: What of this emulator answers what is asked: a path, or two with `or` between them.
    """

    path: str
    title: str = ""
    isProbe: bool = False  # noqa: N815 - the file's own word
    instead: str = ""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class EditionEntry:
    """A named, ordered list of documents: the first one that speaks on a topic wins.

    Args:
        documents: All of them, in order; or, with `extends`, those that come before the other
            edition's.
        extends: The edition whose documents follow, apart from those named here.
        without: Documents of the other edition that this one has not.
        fixtures: A folder of `fixtures/editions/` that lies over the other fixtures.
        since: A rule that rests on documents before this date alone says in `kept` why it holds.
    """

    name: str
    title: str
    documents: tuple[str, ...] = ()
    extends: str = ""
    without: tuple[str, ...] = ()
    fixtures: str = ""
    default: bool = False
    since: str = ""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule speaks about where that is less than its operation: some specs, for example.

    `kind` and `key`, or `fact` and `of`, find a resource as checks do, from the whole request; the
    request is about the subject if the resource's dotted path `field` has one of `values`, or a
    list with one of them. `within` names the subject that this one is a part of.
    """

    name: str
    states: str
    field: str
    values: tuple[str, ...]
    kind: str = ""
    key: str = ""
    fact: str = ""
    of: tuple[str, ...] = ()
    within: str = ""
    __pydantic_config__ = STRICT

    @property
    def arguments(self) -> JsonObject:
        """How checks find the resource."""
        if self.fact:
            return {"fact": self.fact, "of": list(self.of)}
        return {"kind": self.kind, "key": self.key}


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented method and path.

    `path` is below the service's base path. `emulated` is false for what answers 501, with the
    `reason`. `body` says what a request carries, `bytes` being a file that no rule looks into;
    `consumes` lists its media types, `*/*` for any; `example` is a request that the operation
    accepts, for documentation and tests. `query` names the documented query parameters; one named
    in `repeatable` reaches the rules as a list. A `sandboxless` operation belongs to the
    organization: it needs no x-sandbox-name, and ignores one. `writes` marks operations that change
    state.
    """

    id: str
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    states: str
    documents: tuple[str, ...]
    emulated: bool = True
    reason: str = ""
    body: Literal["none", "object", "array", "any", "form", "bytes"] = "none"
    consumes: tuple[str, ...] = ("application/json",)
    query: tuple[str, ...] = ()
    repeatable: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    example: JsonObject | None = None
    response: str = ""
    sandboxless: bool = False
    service: str = ""
    base_path: str = ""
    __pydantic_config__ = STRICT

    @property
    def gated(self) -> bool:
        """Whether calls carry the platform's headers."""
        return self.service not in UNGATED

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Cases:
    """Partial requests that a rule accepts and refuses.

    A case is a request document (`headers`, `path`, `query`, `content`, `body`); beside these it
    may hold `given`, the world that lookups see: kind -> key -> resource; and `facts`, a list of
    `{"fact": name, "of": [arguments], "is": answer}`.
    """

    accepts: tuple[JsonObject, ...] = ()
    refuses: tuple[JsonObject, ...] = ()
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Rule:
    """One statement of documents about one operation.

    Args:
        operation: The operation; in a file `operations` may list several, with `*` in the id.
        topic: The question that the rule answers; of rules of one topic and subject that of the
            first document in an edition is in force.
        states: The rule in our own words.
        demands: Documents that demand it, in words or by a schema of the platform's own.
        observed: Reports of a live platform that refused what breaks it.
        shows: Documents of which a sample keeps to it.
        assumed: Documents that are silent, or the project's own; the passage says why we think so.
        against: Documents that show what the rule forbids, and clients that get through with it.
        about: The name of the subject that the rule speaks about; empty for all of the operation.
        kept: Why it holds today, if all of its documents are older than the edition's `since`.
        at: JSON pointer of the judged value in the request document; `*` means every item.
        check: One check by name with its arguments; see `contract.checks`.
        when: JSON Schema of the request document; the rule applies only where it holds.
        reads_text: Numbers and booleans sent as text are read as what they say first.
        structural: Why a call cannot be carried out without it; then it refuses even when
            observing.
        problem: Entry of the error catalogue that a refusal answers with.
        reason: What is said of a value that breaks it, with `{value}`; by default what the check
            says.
        before: Or `after`: another rule of the operation, by the last part of its id, before or
            after which this one stands; see `contract.order`.
    """

    id: str
    operation: str
    topic: str
    states: str
    severity: Severity
    check: JsonObject
    problem: str
    demands: Sources = field(default_factory=dict)
    observed: Sources = field(default_factory=dict)
    shows: Sources = field(default_factory=dict)
    assumed: Sources = field(default_factory=dict)
    against: Sources = field(default_factory=dict)
    about: str = ""
    kept: str = ""
    at: str = ""
    when: Json = None
    reads_text: bool = False
    structural: str = ""
    fix: str = ""
    reason: str = ""
    cases: Cases = field(default_factory=Cases)
    before: str = ""
    after: str = ""
    __pydantic_config__ = STRICT

    @property
    def documents(self) -> tuple[str, ...]:
        """The ids of the documents that it rests on, those that demand it first."""
        return (*self.demands, *self.observed, *self.shows, *self.assumed)

    @property
    def evidence(self) -> Does:
        """The most that its documents do: a demand counts more than an observation, and so on."""
        if self.demands:
            return "demands"
        if self.observed:
            return "observed"
        return "shows" if self.shows else "assumed"


@dataclass(frozen=True, slots=True)
class Convention:
    """A template of rules: what holds for every resource of a form.

    Where its texts have a word in braces, a value of that name takes the place: `service`, `name`,
    `noun`, `nouns`, `kind`, `found` (the kind among which the operation looks), `parameter`, `etag`
    and `filters` of the resource, and what it says in `values`; of the operation `query`,
    `body_members` and `ignores`, of a JSON Patch `changed_members` and `changed_ignores`, and how
    the changed resource is found (`known_by`); for cases there are the examples `misspelt`,
    `ignored_query`, `ignored_body` and `changed_path`. A text that is nothing but a word in braces
    becomes that value, a list for one.
    The other members are those of `Rule`.

    Args:
        name: The last part of the rules' ids.
        form: Only resources that follow this form are meant; without one, all of the service.
        roles: Only operations of these roles are meant; without any, all.
        body: Only operations whose request carries such a body are meant.
        query: Only operations that have this query parameter are meant.
        demands: As in a rule, or only a passage, which stands in the documents of the resource;
            likewise `observed`, `shows`, `assumed` and `against`.
        values: Values for resources that have no own of that name.
        before: Or `after`: another rule of the operation, as in the row of a rule.
    """

    name: str
    topic: str
    states: str
    severity: Severity
    check: JsonObject
    problem: str
    form: str = ""
    roles: tuple[Role, ...] = ()
    body: Literal["", "none", "object", "array", "any", "form", "bytes"] = ""
    query: str = ""
    demands: Sources | str = ""
    observed: Sources | str = ""
    shows: Sources | str = ""
    assumed: Sources | str = ""
    against: Sources | str = ""
    about: str = ""
    kept: str = ""
    at: str = ""
    when: Json = None
    reads_text: bool = False
    structural: str = ""
    fix: str = ""
    cases: Cases = field(default_factory=Cases)
    values: JsonObject = field(default_factory=dict)
    before: str = ""
    after: str = ""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class ProblemEntry:
    """An entry of a service's error catalogue.

    `detail`, `title` and `headers` are templates over the refusal's values, `{reason}` among them.
    `envelope` names the body's shape; empty means the service's own in the edition. `report` has
    further members of the envelope's report, as templates too; a text that is nothing but a word in
    braces becomes that value, `{sub_errors}` for one. `severity` is what it counts as: one of the
    severity note says nothing against the client. `states` says what a request has to keep to that
    is not to be refused so, and `fix` how to mend one, where no rule does; `reason` is a template
    of what the journal says, where that is more than `detail`.
    """

    id: str
    status: int
    title: str
    detail: str
    documents: tuple[str, ...]
    evidence: Evidence
    code: str = ""
    envelope: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    report: JsonObject = field(default_factory=dict)
    severity: Severity = "error"
    states: str = ""
    fix: str = ""
    reason: str = ""
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Answer:
    """Which of several documented shapes a document shows for an aspect of a service.

    `aspect` is a name that a service's shapes ask for; `shape` is the variant. `operations` are
    those whose replies show it, with `*` for any part of an id; none if it is not for replies.
    """

    aspect: str
    shape: str
    states: str
    documents: tuple[str, ...]
    evidence: Evidence
    operations: tuple[str, ...] = ()
    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True)
class Mute:
    """A rule that an overlay takes out of force, and why.

    A muted rule is still judged, so that reports can count it, but it never refuses and is no
    violation. `operation` limits this to one operation, for rules that hold for many of them (the
    gate's); `until` is the last day on which it is muted, in UTC.
    """

    rule: str
    reason: str
    operation: str = ""
    until: str = ""
    __pydantic_config__ = STRICT
