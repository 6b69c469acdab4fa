"""Random sequences of valid and invalid calls, in several sandboxes, against a small model.

What has to hold, whatever was called before:

- nothing answers with a server error, and every reply has its documented shape;
- what is refused changes nothing at all, and an etag moves with every accepted change;
- a resource is there in its own sandbox alone, until it is deleted;
- what others rely on cannot be deleted, so that references lead somewhere.

`make test` plays a few sequences, always the same; `make fuzz` many, always others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from emulator.clock import ManualClock
from emulator.contract.replies import Shown, shown_in
from emulator.contract.resources import Resource, ResourceOperation
from emulator.json_types import Json
from emulator.testing.client import AepClient, Response
from tests import bodies
from tests.bodies import HEADERS, SCHEMA_REGISTRY
from tests.emulators import aep_for, new_emulator, shipped_contract
from tests.properties.effort import EXAMPLES, IS_LONG

PLACES = {
    "one": {"x-gw-ims-org-id": "1@AdobeOrg", "x-sandbox-name": "prod"},
    "its dev": {"x-gw-ims-org-id": "1@AdobeOrg", "x-sandbox-name": "dev"},
    "other": {"x-gw-ims-org-id": "2@AdobeOrg", "x-sandbox-name": "prod"},
}
"""Two sandboxes of one organization, and one of another."""

PROFILE = "https://ns.adobe.com/xdm/context/profile"
CONTRACT = shipped_contract()

RESOURCES = {
    "field group": "schema_registry.fieldgroup",
    "schema": "schema_registry.schema",
    "data set": "catalog.dataset",
    "connection": "flow_service.connection",
    "source": "flow_service.source_connection",
    "target": "flow_service.target_connection",
    "mapping set": "data_prep.mapping_set",
    "flow": "flow_service.flow",
}
"""Which resources are played with; everything else about them stands in the contract."""

QUERIES = {"schema_registry": "?limit=300", "data_prep": "?limit=100&start=0"}
"""How a service lists all there is, where it is not by `?limit=100`."""

REGISTRY_LIST = "application/vnd.adobe.xed+json"
REGISTRY_ONE = "application/vnd.adobe.xed+json; version=1"
ACCEPT = {"schema_registry": (REGISTRY_LIST, REGISTRY_ONE)}
"""What lists and single resources are asked for as, where a service wants to be told."""


@dataclass(frozen=True)
class Kind:
    """A resource of the contract, and how the tests ask for it."""

    resource: Resource
    operations: dict[str, ResourceOperation]

    @classmethod
    def of(cls, id: str) -> Kind:
        resource = CONTRACT.resources.by_id[id]
        return cls(resource, {item.role: item for item in resource.operations})

    @property
    def path(self) -> str:
        return CONTRACT.services[self.resource.service].base_path + self.resource.collection

    @property
    def query(self) -> str:
        return QUERIES.get(self.resource.service, "?limit=100")

    @property
    def accept(self) -> tuple[str, str]:
        return ACCEPT.get(self.resource.service, ("*/*", "*/*"))

    def shown(self, role: str, body: Json) -> list[Shown]:
        """What a reply of the operation of a role holds."""
        return shown_in(self.resource, self.operations[role], body)

    def ids(self, listed: Json) -> set[str]:
        return {shown.ids[0] for shown in self.shown("list", listed)}


KINDS = {name: Kind.of(id) for name, id in RESOURCES.items()}

LOOSE = {("target", "data set"), ("mapping set", "schema"), ("flow", "mapping set")}
"""References that the documents let dangle: nothing forbids to delete what they lead to."""


@dataclass(frozen=True)
class Thing:
    """Something that was created once, and may have been deleted since."""

    place: str
    kind: str
    id: str


@dataclass
class Known:
    """What the model knows of a thing that is there."""

    etag: str = ""
    is_draft: bool = False
    needs: set[Thing] = field(default_factory=set)


JSON: st.SearchStrategy[Json] = st.recursive(
    st.sampled_from([None, True, 0, -1, 1.5, "", "a", "prod", "https://x", {}, []]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["id", "name", "op", "path", "value", "title", "params", "$ref"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


WHERE = st.sampled_from([None, None, None, *PLACES])
"""From where a thing is called for: mostly from where it is, which None stands for."""


class Calls(RuleBasedStateMachine):
    """Calls from any sandbox, on anything that was ever created anywhere."""

    things = Bundle("things")
    groups = Bundle("groups")
    schemas = Bundle("schemas")
    data_sets = Bundle("data_sets")
    connections = Bundle("connections")
    sources = Bundle("sources")
    sinks = Bundle("sinks")
    mapping_sets = Bundle("mapping_sets")

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock(1_600_000_000_000)
        self.emulator = new_emulator(self.clock, self_check=True)
        self.there: dict[Thing, Known] = {}
        self.number = 0
        self.clients = {place: self._client(headers) for place, headers in PLACES.items()}

    def _client(self, headers: dict[str, str]) -> AepClient:
        client = aep_for(self.emulator)
        client.headers = {**HEADERS, **headers}
        return client

    def teardown(self) -> None:
        for place in PLACES:
            for name in KINDS:
                self.compare_list(place, name)
        self.emulator.close()

    # Calling

    def call(
        self, place: str, method: str, path: str, body: Any = None, **headers: str
    ) -> Response:
        """Call; whatever is refused must have changed nothing."""
        before = self.emulator.snapshot()
        answer = self.clients[place].call(method, path, body, headers=headers)
        assert "x-emulator-self-check" not in answer.headers
        if answer.status >= 400:
            assert self.emulator.snapshot().store == before.store, (method, path, answer.rule)
        return answer

    def name(self) -> str:
        self.number += 1
        return f"Thing {self.number}"

    def path_of(self, thing: Thing) -> str:
        return f"{KINDS[thing.kind].path}/{quote(thing.id, safe='')}"

    def read(self, place: str, thing: Thing) -> Response:
        accept = KINDS[thing.kind].accept[1]
        return self.call(place, "GET", self.path_of(thing), Accept=accept)

    def are_there(self, place: str, *things: Thing) -> bool:
        return all(thing.place == place and thing in self.there for thing in things)

    def is_draft(self, *things: Thing) -> bool:
        return any(self.there[thing].is_draft for thing in things if thing in self.there)

    def created(
        self,
        place: str,
        kind: str,
        body: Any,
        *needs: Thing,
        of: tuple[str, ...] = (),
        surely: bool = True,
        query: str = "",
    ) -> Any:
        """Create something that refers to others: refused if one of them is not there.

        Neither may they be of other kinds than `of`. Of drafts no document says what becomes.
        `surely` says that it has to be accepted if all of them are as they should be.
        """
        answer = self.call(place, "POST", KINDS[kind].path + query, body)
        are_right = tuple(need.kind for need in needs) == of
        if not (are_right and self.are_there(place, *needs)):
            assert 400 <= answer.status < 500, (kind, needs)
        elif surely and not self.is_draft(*needs):
            assert answer.status < 300, (kind, answer.status, answer.rule, answer.content)
        if answer.status >= 300:
            return multiple()
        (made,) = KINDS[kind].shown("create", answer.json)
        thing = Thing(place, kind, made.ids[0])
        assert thing not in self.there
        self.there[thing] = Known(needs=set(needs))
        self._note_etag(thing)
        return thing

    def _note_etag(self, thing: Thing) -> None:
        kind = KINDS[thing.kind]
        if "etag" in kind.resource.etag:
            (shown,) = kind.shown("get", self.read(thing.place, thing).json)
            self.there[thing].etag = shown.members["etag"]

    # Creating

    @initialize(targets=(things, schemas))
    def begin_with_schemas(self) -> Any:
        made = {place: bodies.profile_schema(self.name()) for place in PLACES}
        return multiple(*(self.created(place, "schema", body) for place, body in made.items()))

    @initialize(targets=(things, connections))
    def begin_with_connections(self) -> Any:
        return multiple(
            *(self.created(place, "connection", bodies.base_connection()) for place in PLACES)
        )

    @rule(targets=(things, connections), place=st.sampled_from(list(PLACES)))
    def create_draft(self, place: str) -> Any:
        spec = {"id": bodies.BLOB, "version": "1.0"}
        body = {"name": self.name(), "connectionSpec": spec}
        thing = self.created(place, "connection", body, query="?mode=draft")
        self.there[thing].is_draft = True
        return thing

    @rule(targets=(things, groups), place=st.sampled_from(list(PLACES)))
    def create_field_group(self, place: str) -> Any:
        tenant = self.clients[place].ok("GET", f"{SCHEMA_REGISTRY}/stats")["tenantId"]
        fields = {"loyalty": {"type": "string", "title": "Loyalty"}}
        own = {"properties": {f"_{tenant}": {"type": "object", "properties": fields}}}
        body = {
            "type": "object",
            "title": self.name(),
            "meta:intendedToExtend": [PROFILE],
            "definitions": {"own": own},
            "allOf": [{"$ref": "#/definitions/own"}],
        }
        return self.created(place, "field group", body)

    @rule(targets=(things, schemas), where=WHERE, group=st.one_of(groups, things))
    def create_schema(self, where: str | None, group: Thing) -> Any:
        body = bodies.profile_schema(self.name())
        body["allOf"] = [*body["allOf"], {"$ref": group.id}]
        return self.created(where or group.place, "schema", body, group, of=("field group",))

    @rule(targets=(things, data_sets), where=WHERE, schema=st.one_of(schemas, things))
    def create_dataset(self, where: str | None, schema: Thing) -> Any:
        body = bodies.dataset(schema.id, name=self.name())
        return self.created(where or schema.place, "data set", body, schema, of=("schema",))

    @rule(targets=(things, sources), where=WHERE, base=st.one_of(connections, things))
    def create_source(self, where: str | None, base: Thing) -> Any:
        body = bodies.source_connection(base.id)
        return self.created(where or base.place, "source", body, base, of=("connection",))

    @rule(targets=(things, sinks), where=WHERE, data=st.one_of(data_sets, things))
    def create_target(self, where: str | None, data: Thing) -> Any:
        needs = self.there[data].needs if data in self.there and data.kind == "data set" else ()
        schema = next(iter(needs), data)
        body = bodies.target_connection(schema.id, data.id)
        return self.created(where or data.place, "target", body, data, of=("data set",))

    @rule(targets=(things, mapping_sets), where=WHERE, schema=st.one_of(schemas, things))
    def create_mapping_set(self, where: str | None, schema: Thing) -> Any:
        body = bodies.mapping_set(schema.id)
        # No document says that a set for a schema that is not there is refused.
        return self.created(where or schema.place, "mapping set", body)

    @rule(
        target=things,
        where=WHERE,
        source=st.one_of(sources, things),
        sink=st.one_of(sinks, things),
        mapping=st.one_of(mapping_sets, things),
    )
    def create_flow(self, where: str | None, source: Thing, sink: Thing, mapping: Thing) -> Any:
        parts = bodies.World("", source.id, "", "", sink.id, mapping.id)
        needs = (source, sink, mapping)
        kinds = ("source", "target", "mapping set")
        # Whether mapping set and target are of one schema is for other rules to say.
        return self.created(
            where or source.place, "flow", bodies.flow(parts), *needs, of=kinds, surely=False
        )

    @rule(target=things, place=st.sampled_from(list(PLACES)))
    def create_all_of_a_flow(self, place: str) -> Any:
        """The whole tutorial at once: by chance alone a flow would hardly come about."""
        world = bodies.make_world(self.clients[place], self.name())
        schema, base = Thing(place, "schema", world.schema), Thing(place, "connection", world.base)
        data = Thing(place, "data set", world.dataset)
        source, target = Thing(place, "source", world.source), Thing(place, "target", world.target)
        mapping = Thing(place, "mapping set", world.mapping)
        made: dict[Thing, set[Thing]] = {
            schema: set(),
            base: set(),
            data: {schema},
            source: {base},
            target: {data},
            mapping: {schema},
        }
        for thing, needs in made.items():
            self.there[thing] = Known(needs=needs)
            self._note_etag(thing)
        kinds = ("source", "target", "mapping set")
        body = bodies.flow(world)
        flow = self.created(place, "flow", body, source, target, mapping, of=kinds)
        return multiple(*made, flow)

    # Changing

    @rule(where=WHERE, thing=st.one_of(connections, things), is_stale=st.booleans())
    def rename(self, where: str | None, thing: Thing, is_stale: bool) -> None:
        place, known = where or thing.place, self.there.get(thing)
        if thing.kind not in ("connection", "source", "flow"):
            return
        self.clock.advance(1000)
        etag = known.etag if known and not is_stale else '"0000"'
        patch = [{"op": "replace", "path": "/name", "value": self.name()}]
        answer = self.call(place, "PATCH", self.path_of(thing), patch, If_Match=etag)
        if not self.are_there(place, thing):
            assert answer.status == 404
        elif is_stale:
            assert answer.status == 412
        else:
            assert known is not None
            assert answer.status == 200, answer.content
            assert answer.json["etag"] != known.etag
            known.etag = answer.json["etag"]

    @rule(where=WHERE, thing=connections)
    def publish(self, where: str | None, thing: Thing) -> None:
        """Publish a draft, which is no draft then; what is none cannot be published."""
        place = where or thing.place
        self.clock.advance(1000)
        path = f"{self.path_of(thing)}/action?op=publish"
        answer = self.call(place, "POST", path)
        if not self.are_there(place, thing):
            assert answer.status == 404
        elif answer.status < 300:
            assert self.there[thing].is_draft
            self.there[thing].is_draft = False
            before = self.there[thing].etag
            self._note_etag(thing)
            assert self.there[thing].etag != before

    @rule(
        where=WHERE,
        thing=st.one_of(sources, things),
        other=st.one_of(connections, sources, things),
    )
    def lead_elsewhere(self, where: str | None, thing: Thing, other: Thing) -> None:
        """Let a source connection or a flow refer to something else, there or not."""
        place, known = where or thing.place, self.there.get(thing)
        if known is None or thing.kind not in ("source", "flow"):
            return
        self.clock.advance(1000)
        wanted, path = (
            ("connection", "/baseConnectionId")
            if thing.kind == "source"
            else ("source", "/sourceConnectionIds/0")
        )
        patch = [{"op": "replace", "path": path, "value": other.id}]
        answer = self.call(place, "PATCH", self.path_of(thing), patch, If_Match=known.etag)
        if not self.are_there(place, thing, other) or other.kind != wanted or self.is_draft(other):
            assert 400 <= answer.status < 500
        if answer.status == 200:
            known.needs = {need for need in known.needs if need.kind != wanted} | {other}
            known.etag = answer.json["etag"]

    @rule(where=WHERE, thing=things)
    def delete(self, where: str | None, thing: Thing) -> None:
        place = where or thing.place
        relying = [
            other
            for other, known in self.there.items()
            if thing in known.needs and (other.kind, thing.kind) not in LOOSE
        ]
        answer = self.call(place, "DELETE", self.path_of(thing))
        if not self.are_there(place, thing):
            # Of a data set that is not there the answer is an empty array.
            assert answer.status == 404 or answer.json == [], answer.content
            return
        along = relying if thing.kind == "connection" else []
        if thing.kind == "connection":
            relying = [flow for flow in self.there if self.there[flow].needs & set(along)]
        assert (answer.status >= 400) == bool(relying), (thing, relying, answer.status, answer.rule)
        if answer.status < 300:
            for gone in (thing, *along):
                del self.there[gone]

    # Looking

    @rule(place=st.sampled_from(list(PLACES)), thing=things)
    def look(self, place: str, thing: Thing) -> None:
        answer = self.read(place, thing)
        if not self.are_there(place, thing):
            assert answer.status == 404, (place, thing, answer.content)
            return
        assert answer.status == 200
        if etag := self.there[thing].etag:
            assert answer.json["items"][0]["etag"] == etag

    @rule(place=st.sampled_from(list(PLACES)), name=st.sampled_from(list(KINDS)))
    def compare_list(self, place: str, name: str) -> None:
        kind = KINDS[name]
        answer = self.call(place, "GET", kind.path + kind.query, Accept=kind.accept[0])
        wanted = {thing.id for thing in self.there if (thing.place, thing.kind) == (place, name)}
        assert kind.ids(answer.json) == wanted, (place, name)

    @invariant()
    def references_lead_somewhere(self) -> None:
        for thing, known in self.there.items():
            for need in known.needs:
                if (thing.kind, need.kind) not in LOOSE:
                    assert self.are_there(thing.place, need), (thing, need)

    # Nonsense

    @rule(place=st.sampled_from(list(PLACES)), thing=things, data=st.data(), body=JSON)
    def send_nonsense(self, place: str, thing: Thing, data: Any, body: Any) -> None:
        """Send anything to any operation; what is accepted by chance is taken back."""
        operations = list(self.emulator.contract.operations.values())
        operation = data.draw(st.sampled_from(operations))
        path = operation.base_path + _filled(operation.path, thing.id)
        before = self.emulator.snapshot()
        raw = data.draw(st.sampled_from([None, b"{", b"\xff", b"[" * 200]))
        client = self.clients[place]
        accept = data.draw(st.sampled_from(["*/*", REGISTRY_LIST, REGISTRY_ONE]))
        if raw is not None:
            answer = client.call(operation.method, path, content=raw, Accept=accept)
        else:
            answer = client.call(operation.method, path, body, Accept=accept)
        if answer.status >= 400:
            assert self.emulator.snapshot().store == before.store, (operation.id, answer.rule)
        self.emulator.restore(before)


def _filled(path: str, id: str) -> str:
    return "/".join(
        quote(id, safe="") if step.startswith("{") else step for step in path.split("/")
    )


Calls.TestCase.settings = settings(
    max_examples=EXAMPLES * 12,
    stateful_step_count=30,
    derandomize=not IS_LONG,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink] if IS_LONG else [Phase.generate],
    suppress_health_check=list(HealthCheck),
)
TestCalls = Calls.TestCase
