"""Sample data: one invented object that fits a resolved schema.

Source: "Schema Registry API guide", sample data: keys are standard XDM names, sorted. The
documented formats are kept; a seeded Faker chooses values instead of the documented constants.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emulator.budgets import SAMPLE_BYTES
from emulator.json_types import Json, JsonObject
from emulator.services.schema_registry.sample_patterns import text_matching

if TYPE_CHECKING:
    from faker import Faker

_SHORT_TEXT = 100
_SMALL = 1000
_MAX_ITEMS = 100
_MAX_DEPTH = 12
_LATEST = 1_700_000_000


def sample_of(schema: JsonObject, faker: Faker) -> JsonObject:
    """Return an object with a value for each field of a resolved schema.

    Where arrays of arrays would make it too large, each has one item and texts are short.
    """
    sample = _object(schema, faker, 0)
    return _shortened(sample) if _bytes_of(sample) > SAMPLE_BYTES else sample


def _bytes_of(value: Json) -> int:
    """Return about how many bytes a value is written in; the items of an array are the same."""
    if isinstance(value, dict):
        return sum(len(name) + _bytes_of(item) + 4 for name, item in value.items())
    if isinstance(value, list):
        return len(value) * (_bytes_of(value[0]) + 1) if value else 2
    return len(value) if isinstance(value, str) else 8


def _shortened(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _shortened(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item) for item in value[:1]]
    return value[:_SHORT_TEXT] if isinstance(value, str) else value


def _object(node: JsonObject, faker: Faker, depth: int) -> JsonObject:
    fields = node.get("properties")
    sample: JsonObject = {}
    for name, field in fields.items() if isinstance(fields, dict) else ():
        if not isinstance(field, dict):
            continue
        value = _value(field, faker, depth + 1)
        if _is_prefix(name, field, value):
            sample.update(value)
        else:
            standard = field.get("meta:xdmField")
            sample[standard if isinstance(standard, str) else name] = value
    return dict(sorted(sample.items()))


def _is_prefix(name: str, field: JsonObject, value: Json) -> bool:
    """Tell whether an object stands for a name prefix only, as `_repo` does for `repo:`."""
    prefix = f"{name[1:]}:"
    return (
        name.startswith("_")
        and "meta:xdmField" not in field
        and isinstance(value, dict)
        and bool(value)
        and all(key.startswith(prefix) for key in value)
    )


def _value(field: JsonObject, faker: Faker, depth: int) -> Json:
    enum = field.get("enum")
    if isinstance(enum, list) and enum:
        return faker.random_element(enum)
    if depth > _MAX_DEPTH:
        return {} if field.get("type") in ("object", None) else []
    kind = field.get("type")
    return _VALUES.get(kind if isinstance(kind, str) else "object", _any)(field, faker, depth)


def _any(field: JsonObject, faker: Faker, depth: int) -> Json:
    return _object(field, faker, depth)


def _map_or_object(field: JsonObject, faker: Faker, depth: int) -> Json:
    values = field.get("additionalProperties")
    if isinstance(values, dict) and not field.get("properties"):
        return {"key": _value(values, faker, depth + 1)}
    return _object(field, faker, depth)


def _array(field: JsonObject, faker: Faker, depth: int) -> Json:
    items = field.get("items")
    count = min(max(1, _bound(field, "minItems", 1)), _MAX_ITEMS)
    return [_value(items if isinstance(items, dict) else {}, faker, depth + 1)] * count


def _integer(field: JsonObject, faker: Faker, depth: int) -> Json:
    return faker.random_int(*_range(field))


def _number(field: JsonObject, faker: Faker, depth: int) -> Json:
    low, high = _limit(field, "minimum"), _limit(field, "maximum")
    if low is None:
        low = 0.0 if high is None else min(0.0, high - _SMALL)
    high = low + _SMALL if high is None else high
    chosen = round(low + (high - low) * faker.random.random(), 2)
    return chosen if low <= chosen <= high else low


def _limit(field: JsonObject, name: str) -> float | None:
    found = field.get(name)
    return float(found) if isinstance(found, int | float) else None


def _range(field: JsonObject) -> tuple[int, int]:
    limits = (_limit(field, name) for name in ("minimum", "maximum"))
    low, high = (None if limit is None else int(limit) for limit in limits)
    if low is None:
        low = 0 if high is None or high >= 0 else high - _SMALL
    return low, max(low, low + _SMALL if high is None else high)


def _bound(field: JsonObject, name: str, default: int) -> int:
    found = field.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else default


def _string(field: JsonObject, faker: Faker, depth: int) -> Json:
    suggested, pattern = field.get("meta:enum"), field.get("pattern")
    if isinstance(pattern, str) and (matching := text_matching(pattern, faker)):
        return matching
    if isinstance(suggested, dict) and suggested:
        return faker.random_element(list(suggested))
    form = field.get("format")
    text = _FORMATS.get(form if isinstance(form, str) else "", _words)(faker)
    shortest, longest = _bound(field, "minLength", 0), _bound(field, "maxLength", 10_000)
    return text.ljust(min(shortest, 10_000), "x")[: max(longest, 0)]


def _words(faker: Faker) -> str:
    return str(faker.word())


def _moment(faker: Faker) -> datetime:
    """Return a moment between 1970 and 2023: Faker's own dates end at the time of the machine."""
    return datetime.fromtimestamp(faker.random_int(0, _LATEST), UTC)


_FORMATS: dict[str, Callable[[Faker], str]] = {
    "date": lambda faker: _moment(faker).date().isoformat(),
    "date-time": lambda faker: _moment(faker).isoformat(),
    "email": lambda faker: str(faker.ascii_safe_email()),
    "hostname": lambda faker: str(faker.safe_domain_name()),
    "ipv4": lambda faker: str(faker.ipv4()),
    "ipv6": lambda faker: str(faker.ipv6()),
    "time": lambda faker: _moment(faker).timetz().isoformat(),
    "uri": lambda faker: f"https://{faker.safe_domain_name()}/{faker.word()}",
    "uri-reference": lambda faker: f"/{faker.word()}",
    "uuid": lambda faker: str(faker.uuid4()),
}

_VALUES: dict[str, Callable[[JsonObject, Faker, int], Json]] = {
    "array": _array,
    "boolean": lambda field, faker, depth: faker.boolean(),
    "integer": _integer,
    "null": lambda field, faker, depth: None,
    "number": _number,
    "object": _map_or_object,
    "string": _string,
}
