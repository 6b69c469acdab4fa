"""What the command doctor looks at in a client's own settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

from emulator.commands.doctor.client_settings import (
    ClientSetting,
    SettingsFile,
    first_of,
    host_of,
    leads_to_adobe,
)
from emulator.commands.doctor.emulator import Examined
from emulator.commands.doctor.findings import Finding, error, ok, warning
from emulator.jwt import jwt_claims
from emulator.settings import is_loopback

TOKEN_PATH = "/ims/token/v3"  # noqa: S105 - a path
HEADERS = {"api key": "x-api-key", "organization": "x-gw-ims-org-id", "sandbox": "x-sandbox-name"}
"""The headers that a client makes of its settings."""

Settings = Sequence[ClientSetting]


def examine_client(
    url: str, settings: Settings, files: Sequence[SettingsFile], emulator: Examined
) -> Iterator[Finding]:
    """Yield what a client's settings lack to call the emulator at a URL."""
    url = url.rstrip("/")
    if not settings:
        do = f"--file names them; the client needs {url} in place of https://platform.adobe.io"
        yield warning("settings", "no settings of a client are here, nor in the environment", do)
        return
    sources = ", ".join(dict.fromkeys(one.source for one in settings))
    yield ok("settings", f"{len(settings)} settings of a client in {sources}")
    yield from _addresses(url, settings, files)
    yield from _headers(settings, emulator)
    yield from _token(url, settings, emulator)


def library() -> Iterator[Finding]:
    """Yield the version of aepp if it is installed beside this command."""
    with suppress(PackageNotFoundError):
        yield ok("library", f"aepp {version('aepp')} is installed here")


def _addresses(url: str, settings: Settings, files: Sequence[SettingsFile]) -> Iterator[Finding]:
    """Yield whether the client calls the emulator, and asks it for tokens."""
    for one in settings:
        if one.kind == "base URL":
            yield _address(one, url, url)
        elif one.kind == "token URL":
            yield _address(one, url, f"{url}{TOKEN_PATH}" if TOKEN_PATH in one.value else url)
    kinds = {one.kind for one in settings}
    for file in files:
        if file.is_of_aepp:
            says = f"aepp reads no address from {file.path} and calls https://platform.adobe.io"
            do = (
                f'aepp.configure(environment="support", endpoint="{url}", …), then'
                f' aepp.config.config_object["oauthTokenEndpointV2"] = "{url}{TOKEN_PATH}"'
            )
            yield warning("aepp", says, do)
    if "base URL" not in kinds and not any(file.is_of_aepp for file in files):
        do = f"the client has to call {url} in place of https://platform.adobe.io"
        yield warning("base URL", "no base URL is set", do)


def _address(setting: ClientSetting, url: str, wanted: str) -> Finding:
    """Return whether an address of the client's is one of the emulator at a URL."""
    if setting.is_missing:
        return warning(setting.kind, f"{setting.place} has no value", f"set it to {wanted}")
    if leads_to_adobe(setting.value):
        says = f"{setting.place} is {host_of(setting.value)}, which is Adobe's own"
        return error(setting.kind, says, f"set it to {wanted}")
    if _is_same_place(setting.value, url):
        return ok(setting.kind, f"{setting.place} leads to the emulator")
    says = f"{setting.place} leads to {host_of(setting.value)}, not to {url}"
    return warning(setting.kind, says, f"set it to {wanted}, or name the other by --url")


def _is_same_place(value: str, url: str) -> bool:
    """Tell whether an address has the host and port of a URL; all names of loopback are one."""
    one, other = urlsplit(value if "://" in value else f"//{value}"), urlsplit(url)
    ports = {"http": 80, "https": 443}
    scheme = one.scheme or other.scheme
    try:
        same_port = (one.port or ports[scheme]) == (other.port or ports[other.scheme])
    except (KeyError, ValueError):
        return False
    hosts = one.hostname or "", other.hostname or ""
    same_host = hosts[0] == hosts[1] or all(map(is_loopback, hosts))
    return scheme == other.scheme and same_port and same_host


def _headers(settings: Settings, emulator: Examined) -> Iterator[Finding]:
    """Yield which headers the client lacks, and which values the emulator does not know."""
    for kind, header in HEADERS.items():
        setting = first_of(settings, kind)
        if setting is not None and not setting.is_missing:
            is_what = "set" if kind == "api key" else setting.value
            yield _known(setting, emulator) or ok(kind, f"{setting.place} is {is_what}")
        elif kind == "sandbox" and (default := emulator.settings.get("default_sandbox")):
            yield ok(kind, f"calls without {header} are of {default}, by --default-sandbox")
        else:
            where = "no setting has it" if setting is None else f"{setting.place} has no value"
            do = f"every call needs the header {header}"
            yield warning(kind, where, f"{do}; any sandbox is prod" if kind == "sandbox" else do)


def _known(setting: ClientSetting, emulator: Examined) -> Finding | None:
    """Return that the emulator does not know a value; None if it does, or cannot be asked."""
    kind, value = setting.kind, setting.value
    if kind == "organization" and not value.endswith("@AdobeOrg"):
        says = f"{setting.place} is {value}, which does not end with @AdobeOrg"
        return error(kind, says, "append @AdobeOrg")
    names = {"organization": "organizations", "api key": "api_keys", "sandbox": "sandboxes"}
    known = emulator.settings.get(names[kind])
    if not known or value in known or "*" in known:
        return None
    listed = ", ".join(known)
    if kind != "sandbox":
        says = f"{setting.place} is not one of those that the emulator knows: {listed}"
        return error(
            kind, says, f"use one of them, or serve with --{names[kind].replace('_', '-')}"
        )
    if value == "prod" or any(place["sandbox"] == value for place in emulator.sandboxes):
        return None
    says = f"{setting.place} is {value}; every organization has {listed}"
    return warning(
        kind,
        says,
        f"create it by the Sandbox API, or serve with --sandboxes {','.join((*known, value))}",
    )


def _token(url: str, settings: Settings, emulator: Examined) -> Iterator[Finding]:
    """Yield whether the client has a token, or what it needs to request one."""
    token, secret = first_of(settings, "token"), first_of(settings, "secret")
    must_be_issued = emulator.settings.get("auth") == "issued"
    if token is not None and not token.is_missing:
        yield _token_finding(token, url, emulator.now, must_be_issued=must_be_issued)
    elif secret is None or secret.is_missing:
        do = f"set a token (any text), or a client secret to request one at {url}{TOKEN_PATH}"
        if must_be_issued:
            do = f"set a client secret, to request a token at {url}{TOKEN_PATH}"
        yield warning("token", "neither an access token nor a client secret is set", do)
    else:
        yield ok("token", f"{secret.place} is set, to request tokens with")
        scopes = first_of(settings, "scopes")
        if scopes is None or scopes.is_missing:
            do = "requests to /ims/token/v3 carry scope, such as openid,AdobeID"
            yield warning("scopes", "no scopes are set", do)


def _token_finding(
    token: ClientSetting, url: str, now: int | None, *, must_be_issued: bool
) -> Finding:
    ask = f"request one at {url}{TOKEN_PATH}"
    if not must_be_issued:
        return ok("token", f"{token.place} is set; any token is accepted")
    claims = jwt_claims(token.value.removeprefix("Bearer ")) or {}
    created, lasts = (str(claims.get(name, "")) for name in ("created_at", "expires_in"))
    if not (created.isdecimal() and lasts.isdecimal()):
        return error("token", f"{token.place} is none of this emulator's (--auth issued)", ask)
    if now is not None and int(created) + int(lasts) <= now:
        return error("token", f"{token.place} has expired", ask)
    return ok("token", f"{token.place} has not expired")
