"""Random credentials that fit a connection spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.json_types import JsonObject

if TYPE_CHECKING:
    from faker import Faker


def asks_for_texts(spec: JsonObject) -> bool:
    """Tell whether the first kind of authentication of a spec asks for texts only."""
    auth = next(iter(spec.get("authSpec") or ()), None)
    if auth is None or not isinstance(auth.get("spec"), dict):
        return False
    known = auth["spec"].get("properties") or {}
    return all(known.get(name, {}).get("type") == "string" for name in _required(auth))


def invent_auth(spec: JsonObject, faker: Faker) -> JsonObject:
    """Return the `auth` of a connection, of a spec that asks for texts only."""
    auth = spec["authSpec"][0]
    known = auth["spec"]["properties"]
    params = {name: _value(name, known[name], faker) for name in _required(auth)}
    return {"specName": auth["name"], "params": params}


def _required(auth: JsonObject) -> list[str]:
    names: list[str] = auth["spec"].get("required") or []
    return names


def _value(name: str, definition: JsonObject, faker: Faker) -> str:
    lower = name.lower()
    if definition.get("format") == "password":
        return faker.password(24, special_chars=False)
    if "url" in lower:
        return f"https://{faker.domain_word()}.example.com"
    if "host" in lower:
        return f"{faker.domain_word()}.example.com"
    if "bucket" in lower:
        return f"{faker.domain_word()}-files"
    if lower in ("tenant", "serviceprincipalid"):
        return str(faker.uuid4())
    return faker.user_name()
