"""What the command doctor looks at in a running emulator."""

from __future__ import annotations

import http
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulator import __version__
from emulator.clock import machine_time
from emulator.commands.doctor.client_settings import leads_to_adobe
from emulator.commands.doctor.findings import Finding, error, ok, warning
from emulator.commands.remote import NoAnswer, Remote, call
from emulator.json_types import JsonObject
from emulator.moments import to_milliseconds
from emulator.settings import TOKEN_HEADER, is_loopback

if TYPE_CHECKING:
    from emulator.json_types import Json

TIMEOUT = 5.0
"""Seconds to wait for an answer."""

MAX_SKEW = 60
"""Seconds by which clocks may differ."""

GATE = "platform.gate."
"""Rules of this beginning are about the headers that every call needs."""


@dataclass(slots=True)
class Examined:
    """What an emulator has said of itself, as far as it could be asked.

    Args:
        findings: What was found.
        settings: Its settings by name; none if they could not be asked for.
        sandboxes: Those that hold something, each with `organization` and `sandbox`.
        now: The time of its clock, in milliseconds since 1970; None if that is not known.
    """

    findings: list[Finding] = field(default_factory=list)
    settings: dict[str, Json] = field(default_factory=dict)
    sandboxes: list[JsonObject] = field(default_factory=list)
    now: int | None = None


def examine(remote: Remote, environment: Mapping[str, str]) -> Examined:
    """Look at the emulator at a URL, and at the way there."""
    made = Examined()
    if leads_to_adobe(remote.url):
        do = "name an emulator by --url; doctor sends nothing to the platform"
        made.findings.append(error("emulator", f"{remote.url} is Adobe's own", do))
        return made
    made.findings += _proxies(remote.url, environment)
    health = _health(remote, made)
    if health is None:
        return made
    version = str(health["version"])
    what = f"aep-emulator {version} answers at {remote.url}, edition {health['edition']}"
    made.findings.append(ok("emulator", f"{what}, enforce {health['enforce']}"))
    made.findings += _versions(version)
    made.findings += _chosen(health, environment)
    if _may_ask(remote, made):
        _ask_all(remote, made)
    return made


def _proxies(url: str, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a proxy that clients would send calls of the emulator to."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    known = {name.lower(): value for name, value in sorted(environment.items())}
    proxy = known.get(f"{parts.scheme}_proxy") or known.get("all_proxy")
    if not proxy:
        return
    if any(_is_within(host, name) for name in known.get("no_proxy", "").split(",")):
        yield ok("proxy", f"NO_PROXY keeps the proxy away from {host}")
        return
    place = urlsplit(proxy if "://" in proxy else f"//{proxy}")
    says = f"calls of {host} go to the proxy {place.hostname}, by the environment"
    do = f"add {host} to NO_PROXY"
    yield error("proxy", says, do) if is_loopback(host) else warning("proxy", says, do)


def _is_within(host: str, name: str) -> bool:
    """Tell whether an entry of `NO_PROXY` means a host: a name, a domain, a network, or `*`."""
    name = name.strip().lstrip(".")
    try:
        return ip_address(host) in ip_network(name, strict=False)
    except ValueError:
        return name == "*" or (bool(name) and (host == name or host.endswith(f".{name}")))


def _health(remote: Remote, made: Examined) -> JsonObject | None:
    """Return what the health check says; None, with what is the matter, if it is none of ours."""
    try:
        status, content = call(remote, "GET", "/_emulator/health", timeout=TIMEOUT)
    except NoAnswer as reason:
        made.findings.append(_no_answer(remote, reason))
        return None
    health = _read(content)
    if status == http.HTTPStatus.OK and isinstance(health, dict) and "enforce" in health:
        return health
    if isinstance(health, dict) and "detail" in health:
        said = f"{remote.url} answers {status}: {health['detail']}"
        made.findings.append(error("emulator", said, "see the log of serve"))
    elif b"TLS" in content or _speaks(remote, "https"):
        made.findings.append(_other_scheme(remote, "https"))
    else:
        said = f"what answers at {remote.url} ({status}) is not an aep-emulator"
        do = "name the emulator's base URL, without a path, by --url"
        made.findings.append(error("emulator", said, do))
    return None


def _no_answer(remote: Remote, reason: NoAnswer) -> Finding:
    """Return why nothing answers: another scheme, a certificate that is not trusted, or nothing."""
    said = str(reason)
    if "is not trusted" in said:
        do = "give doctor the file by --tls-ca, and the client by REQUESTS_CA_BUNDLE or its like"
        return error("tls", said.partition("; --tls-ca")[0], do)
    scheme = "http" if remote.url.startswith("https:") else "https"
    if _speaks(remote, scheme):
        return _other_scheme(remote, scheme)
    port = urlsplit(remote.url).port or 80
    do = f"start one by aep-emulator serve --port {port}, or name it by --url or AEP_EMULATOR_URL"
    return error("emulator", said, do)


def _other_scheme(remote: Remote, scheme: str) -> Finding:
    url = _with_scheme(remote, scheme)
    says = f"{remote.url.removeprefix('//')} is the wrong scheme: the server there speaks {scheme}"
    return error("tls", says, f"use {url}")


def _with_scheme(remote: Remote, scheme: str) -> str:
    return f"{scheme}://{remote.url.partition('://')[2]}"


def _speaks(remote: Remote, scheme: str) -> bool:
    """Tell whether the server of a URL answers with another scheme, trusted or not."""
    other = replace(remote, url=_with_scheme(remote, scheme), token="")
    try:
        status, content = call(other, "GET", "/_emulator/health", timeout=TIMEOUT)
    except NoAnswer as reason:
        return "is not trusted" in str(reason)
    return status == http.HTTPStatus.OK and b"enforce" in content


def _versions(version: str) -> Iterator[Finding]:
    if version == __version__:
        return
    says = f"the server is version {version}, this command is {__version__}"
    yield warning("version", says, "update the older one: pip install --upgrade, or the image")


def _chosen(health: JsonObject, environment: Mapping[str, str]) -> Iterator[Finding]:
    wanted = environment.get("AEP_EMULATOR_EDITION")
    if wanted and wanted != health["edition"]:
        says = f"AEP_EMULATOR_EDITION is {wanted}, and {health['edition']} is in force"
        yield warning("edition", says, f"aep-emulator edition {wanted}, or unset the variable")
    if health["enforce"] == "observe":
        do = "serve with --enforce documented, where a call that breaks a rule has to fail"
        yield warning("enforce", "observe refuses nothing that breaks a rule", do)


def _may_ask(remote: Remote, made: Examined) -> bool:
    """Tell whether the control API answers, and keep the settings that it tells."""
    status, content = call(remote, "GET", "/_emulator/settings", timeout=TIMEOUT)
    answer = _read(content)
    if status == http.HTTPStatus.OK and isinstance(answer, dict):
        made.settings = {row["name"]: row["value"] for row in answer["settings"]}
        return True
    detail = answer.get("detail", "") if isinstance(answer, dict) else ""
    do = f"--admin-token has what {TOKEN_HEADER} carries; without it settings are not compared"
    made.findings.append(warning("controls", f"the control API refuses ({status}): {detail}", do))
    return False


def _ask_all(remote: Remote, made: Examined) -> None:
    """Ask for what the client's settings are compared with."""
    sandboxes = _ask(remote, "/_emulator/sandboxes")
    made.sandboxes = sandboxes.get("sandboxes", [])
    clock = _ask(remote, "/_emulator/clock")
    if "now" in clock:
        made.now = to_milliseconds(clock["now"])
        made.findings += _skew(made.now, clock)
    made.findings += _faults(_ask(remote, "/_emulator/faults").get("faults", []))
    calls = _ask(remote, "/_emulator/journal?limit=1").get("entries")
    if calls is not None:
        made.findings += _last_call(calls)


def _ask(remote: Remote, path: str) -> JsonObject:
    status, content = call(remote, "GET", path, timeout=TIMEOUT)
    answer = _read(content) if status == http.HTTPStatus.OK else None
    return answer if isinstance(answer, dict) else {}


def _read(content: bytes) -> Json:
    from emulator.json_types import loads

    try:
        return loads(content) if content else None
    except ValueError:
        return None


def _skew(now: int, clock: JsonObject) -> Iterator[Finding]:
    seconds = now // 1000 - machine_time() // 1_000_000
    if abs(seconds) <= MAX_SKEW:
        yield ok("clock", f"{clock['now']}, as on this machine")
        return
    days, rest = divmod(abs(seconds), 86_400)
    far = f"{days} days" if days else f"{rest // 60} minutes"
    where = "ahead of" if seconds > 0 else "behind"
    says = (
        f"the emulator's clock ({clock['kind']}) shows {clock['now']}, {far} {where} this machine"
    )
    do = "start times that the client takes from its own clock are off by that; --clock system"
    yield warning("clock", says, do)


def _faults(faults: list[JsonObject]) -> Iterator[Finding]:
    if not faults:
        return
    named = ", ".join(
        f"{fault['id']} ({fault['kind']}, fired {fault['fired']})" for fault in faults
    )
    yield warning("faults", f"active: {named}", "aep-emulator faults clear, if nobody wants them")


def _last_call(calls: list[JsonObject]) -> Iterator[Finding]:
    if not calls:
        yield ok("calls", "no call has arrived yet")
        return
    call = calls[0]
    broken = [found["rule"] for found in call["findings"] if found["rule"].startswith(GATE)]
    what = f"the last call (#{call['id']}, {call['method']} {call['path']}) got {call['status']}"
    if call["outcome"] == "refused" and call.get("faulted"):
        yield warning("calls", f"{what}: {call['faulted']}", f"aep-emulator explain {call['id']}")
    elif broken and call["outcome"] == "refused":
        yield warning("calls", f"{what}: {broken[0]}", f"aep-emulator explain {call['id']}")
    else:
        yield ok("calls", what)
