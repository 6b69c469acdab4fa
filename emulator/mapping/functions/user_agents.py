"""Functions of user agents: what the header of a browser says of system, browser and device.

The real service knows thousands of agents (its device classes are those of the open-source parser
Yauaa). Here a small table knows the common systems, browsers and robots, without a library: those
there are larger than the rest of the emulator. What the table does not know is `Unknown`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from emulator.mapping.functions.definition import Category

CATEGORY = Category("User agent")
UNKNOWN = "Unknown"

_LONGEST = 1_000
_WINDOWS = {"6.0": "Vista", "6.1": "7", "6.2": "8", "6.3": "8.1", "10.0": "10"}
_SYSTEMS = [
    (name, re.compile(expression))
    for name, expression in (
        ("Windows Phone", r"Windows Phone(?: OS)? ([\d.]+)"),
        ("Windows NT", r"Windows NT ([\d.]+)"),
        ("iOS", r"(?:iPhone|iPad|iPod).*?OS (\d+(?:_\d+)*)"),
        ("Tizen", r"Tizen[ /]?([\d.]+)"),
        ("Android", r"Android[ /]?([\d.]*)"),
        ("Chrome OS", r"CrOS \S+ ([\d.]+)"),
        ("Mac OS", r"Mac OS X (\d+(?:[._]\d+)*)"),
        ("Linux", r"Linux()"),
    )
]
_AGENTS = [
    (name, re.compile(expression))
    for name, expression in (
        ("Googlebot", r"Googlebot(?:-\w+)?/([\d.]+)"),
        ("Bingbot", r"bingbot/([\d.]+)"),
        ("Edge", r"(?:Edge|Edg|EdgA|EdgiOS)/([\d.]+)"),
        ("Opera", r"(?:OPR|OPiOS)/([\d.]+)|Opera.*Version/([\d.]+)"),
        ("Samsungbrowser", r"SamsungBrowser/([\d.]+)"),
        ("Firefox", r"(?:Firefox|FxiOS)/([\d.]+)"),
        ("Chrome", r"(?:Chrome|CriOS)/([\d.]+)"),
        ("Internet Explorer", r"MSIE ([\d.]+)|Trident/.*rv:([\d.]+)"),
        ("Safari", r"Version/([\d.]+).*Safari/"),
        ("Curl", r"^curl/([\d.]+)"),
    )
]
_DEVICES = [
    (name, re.compile(expression))
    for name, expression in (
        ("Robot Mobile", r"(?i)(?:android|iphone).*(?:bot|crawler|spider)\b"),
        ("Robot", r"(?i)(?:bot|crawler|spider|slurp)\b|^curl/|^wget/|python-"),
        ("Game Console", r"PlayStation|Xbox|Nintendo"),
        ("TV", r"(?i)smart-?tv|appletv|hbbtv|googletv|bravia"),
        ("Set-top box", r"Roku|AFT[A-Z]"),
        ("eReader", r"Kindle"),
        ("Watch", r"(?i)watch"),
        ("Virtual Reality", r"OculusBrowser"),
        ("Tablet", r"iPad|Tablet|Android(?!.*Mobile)"),
        ("Phone", r"iPhone|iPod|Windows Phone|Android.*Mobile"),
        ("Desktop", r"Windows NT|Macintosh|X11|CrOS|Linux"),
    )
]


class Agent(NamedTuple):
    """What an agent says of itself; versions are empty if it does not say them."""

    system: str
    system_version: str
    name: str
    version: str
    device: str


def agent_of(text: str) -> Agent:
    """Return what a user agent says of itself, in as much of it as a browser would send."""
    return _agent_of(text[:_LONGEST])


@lru_cache(maxsize=4096)
def _agent_of(text: str) -> Agent:
    system, system_version = _named(text, _SYSTEMS)
    if system == "Windows NT":
        system_version = _WINDOWS.get(system_version, system_version)
    name, version = _named(text, _AGENTS)
    device = next((name for name, expression in _DEVICES if expression.search(text)), UNKNOWN)
    return Agent(system, system_version.replace("_", "."), name, version, device)


def _named(text: str, table: list[tuple[str, re.Pattern[str]]]) -> tuple[str, str]:
    for name, expression in table:
        match = expression.search(text)
        if match:
            return name, next((group for group in match.groups() if group), "")
    return UNKNOWN, ""


def _joined(name: str, version: str) -> str:
    return f"{name} {version or '??'}"


@CATEGORY.function()
def ua_os_name(user_agent: str) -> str:
    """Tell the name of the operating system."""
    return agent_of(user_agent).system


@CATEGORY.function()
def ua_os_version_major(user_agent: str) -> str:
    """Tell the name of the operating system and the first part of its version.

    A version that is not known is written as two question marks (assumed, after Yauaa).
    """
    found = agent_of(user_agent)
    return _joined(found.system, found.system_version.partition(".")[0])


@CATEGORY.function()
def ua_os_version(user_agent: str) -> str:
    """Tell the version of the operating system.

    A version that is not known is written as two question marks (assumed, after Yauaa).
    """
    return agent_of(user_agent).system_version or "??"


@CATEGORY.function()
def ua_os_name_version(user_agent: str) -> str:
    """Tell the name and version of the operating system.

    A version that is not known is written as two question marks (assumed, after Yauaa).
    """
    found = agent_of(user_agent)
    return _joined(found.system, found.system_version)


@CATEGORY.function()
def ua_agent_version(user_agent: str) -> str:
    """Tell the version of the browser.

    A version that is not known is written as two question marks (assumed, after Yauaa).
    """
    return agent_of(user_agent).version or "??"


@CATEGORY.function()
def ua_agent_version_major(user_agent: str) -> str:
    """Tell the name of the browser and the first part of its version.

    A version that is not known is written as two question marks (assumed, after Yauaa).
    """
    found = agent_of(user_agent)
    return _joined(found.name, found.version.partition(".")[0])


@CATEGORY.function()
def ua_agent_name(user_agent: str) -> str:
    """Tell the name of the browser."""
    return agent_of(user_agent).name


@CATEGORY.function()
def ua_device_class(user_agent: str) -> str:
    """Tell the kind of device, for instance Phone or Desktop."""
    return agent_of(user_agent).device
