"""Invented credentials that fit a connection spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.json_types import JsonObject

if TYPE_CHECKING:
    from faker import Faker


def is_plain(spec: JsonObject) -> bool:
    """Tell whether the first way to authenticate asks for texts only."""
    auth = next(iter(spec.get("authSpec") or ()), None)
    if auth is None or not isinstance(auth.get("spec"), dict):
        return False
    known = auth["spec"].get("properties") or {}
    return all(known.get(name, {}).get("type") == "string" for name in _required(auth))


def invented(spec: JsonObject, faker: Faker) -> JsonObject:
    """Return the `auth` of a connection of a spec that is plain."""
    auth = spec["authSpec"][0]
    known = auth["spec"]["properties"]
    params = {name: _value(name, known[name], faker) for name in _required(auth)}
    return {"specName": auth["name"], "params": params}


def _required(auth: JsonObject) -> list[str]:
    names: list[str] = auth["spec"].get("required") or []
    return names


def _value(name: str, definition: JsonObject, faker: Faker) -> str:
    made: Any
    lower = name.lower()
    if definition.get("format") == "password":
        made = faker.password(24, special_chars=False)
    elif "url" in lower:
        made = f"https://{faker.domain_word()}.example.com"
    elif "host" in lower:
        made = f"{faker.domain_word()}.example.com"
    elif "bucket" in lower:
        made = f"{faker.domain_word()}-files"
    elif lower in ("tenant", "serviceprincipalid"):
        made = faker.uuid4()
    else:
        made = faker.user_name()
    return str(made)
