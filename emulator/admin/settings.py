"""The settings in force, without their secrets."""

from __future__ import annotations

from flask import Response

from emulator.admin.replies import Routes, answer
from emulator.json_types import Json, JsonObject
from emulator.settings import SettingRow, Settings, table
from emulator.store.urls import without_password
from emulator.web.engine import Engine

HIDDEN = "***"


def routes(engine: Engine) -> Routes:
    """Return path, method and view of each call."""

    def listed() -> Response:
        """List all settings; edition and enforcement as they are now."""
        return answer({"settings": [_shown(engine, row) for row in table()]})

    return [("/settings", "GET", listed)]


def _shown(engine: Engine, row: SettingRow) -> JsonObject:
    return {
        "name": row.name,
        "value": _value(engine, row),
        "isDefault": _is_default(engine, row),
        "default": row.default,
        "flag": row.flag,
        "environment": row.environment,
        "help": row.help,
    }


def _is_default(engine: Engine, row: SettingRow) -> bool:
    if row.name == "edition":
        return engine.edition == engine.contract.default_edition
    if row.name == "enforce":
        return engine.enforce == row.default
    return bool(getattr(engine.platform.settings, row.name) == getattr(Settings(), row.name))


def _value(engine: Engine, row: SettingRow) -> Json:
    """Return a setting's value as JSON, without secrets, also those in URLs."""
    if row.name in ("edition", "enforce"):
        return str(getattr(engine, row.name))
    value = getattr(engine.platform.settings, row.name)
    if row.is_secret:
        return HIDDEN if value else ""
    if isinstance(value, bool | int):
        return value
    if isinstance(value, tuple):
        return list(value)
    text = "" if value is None else str(value)
    if "://" not in text:
        return text
    address, question, _ = without_password(text).partition("?")
    return f"{address}?{HIDDEN}" if question else address
