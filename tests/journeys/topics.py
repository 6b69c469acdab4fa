"""What editions disagree on, as a table: a request, and the rule that refuses it by edition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.bodies import ADLS_GEN2, World, flow, source_connection, target_connection

EDITIONS = ["2020-03", "2020-09", "latest"]
OK = ""
ADLS_ALIAS = "0ed90a81-07f4-4586-8190-b40eccef1c5a"


@dataclass(frozen=True)
class Place:
    """What requests of the table refer to, the same in every edition."""

    world: World
    lake: str
    alias: str


@dataclass(frozen=True)
class Topic:
    """A question that documents answer differently: a request, and the rule by edition.

    `verdicts` are the last names of the rules that refuse in 2020-03, 2020-09 and latest.
    """

    name: str
    collection: str
    body: Callable[[Place], dict[str, Any]]
    verdicts: tuple[str, str, str]


def source(**data: Any) -> Callable[[Place], dict[str, Any]]:
    return lambda place: source_connection(place.world.base, data=data)


def with_schema(**data: Any) -> Callable[[Place], dict[str, Any]]:
    return lambda place: source_connection(
        place.world.base, data={**data, "schema": {"id": place.world.schema}}
    )


def target(**changes: Any) -> Callable[[Place], dict[str, Any]]:
    return lambda place: target_connection(place.world.schema, place.world.dataset, **changes)


def on_the_lake(**changes: Any) -> Callable[[Place], dict[str, Any]]:
    return lambda place: target(baseConnectionId=place.lake, **changes)(place)


def scheduled(**schedule: str) -> Callable[[Place], dict[str, Any]]:
    return lambda place: flow(place.world, scheduleParams={"startTime": "1597784298", **schedule})


SOURCES, TARGETS, FLOWS = "sourceConnections", "targetConnections", "flows"
NO_ONCE = "frequency_is_known_2020_03"
ADLS = {"id": ADLS_GEN2, "version": "1.0"}

TOPICS = [
    Topic(
        "format parquet_xdm",
        SOURCES,
        with_schema(format="parquet_xdm"),
        (OK, "format_is_known_2020_09", OK),
    ),
    Topic("format delimited", SOURCES, with_schema(format="delimited"), (OK, OK, OK)),
    Topic(
        "format avro",
        SOURCES,
        with_schema(format="avro"),
        ("format_is_known_2020_03", "format_is_known_2020_09", "format_is_known"),
    ),
    Topic("no source schema", SOURCES, source(format="json"), ("schema_is_sent_2020_03", OK, OK)),
    Topic("no base of a target", TARGETS, target(), ("base_connection_is_sent_2020_03", OK, OK)),
    Topic("base of a target", TARGETS, on_the_lake(), (OK, OK, OK)),
    Topic(
        "a source's spec on a target",
        TARGETS,
        on_the_lake(connectionSpec=ADLS),
        (OK, "spec_is_the_data_lake_2020_09", "spec_is_the_data_lake"),
    ),
    Topic(
        "every hour",
        FLOWS,
        scheduled(frequency="hour", interval="1"),
        (OK, "interval_is_at_least_15_2020_09", OK),
    ),
    Topic(
        "every 14 minutes",
        FLOWS,
        scheduled(frequency="minute", interval="14"),
        (
            "interval_is_at_least_15_minutes_2020_03",
            "interval_is_at_least_15_2020_09",
            "interval_is_at_least_15_minutes",
        ),
    ),
    Topic("every 15 weeks", FLOWS, scheduled(frequency="week", interval="15"), (OK, OK, OK)),
    Topic("once", FLOWS, scheduled(frequency="once"), (NO_ONCE, OK, OK)),
    Topic(
        "once with interval",
        FLOWS,
        scheduled(frequency="once", interval="15"),
        (NO_ONCE, OK, "once_has_no_interval"),
    ),
    Topic(
        "once with backfill",
        FLOWS,
        scheduled(frequency="once", backfill="true"),
        (NO_ONCE, OK, "once_has_no_backfill"),
    ),
    Topic(
        "the alias of a spec in a flow",
        FLOWS,
        lambda place: flow(place.world, sourceConnectionIds=[place.alias]),
        (OK, OK, OK),
    ),
    Topic(
        "the alias of a spec in a connection",
        "connections",
        lambda place: {"connectionSpec": {"id": ADLS_ALIAS, "version": "1.0"}},
        (OK, OK, OK),
    ),
]
