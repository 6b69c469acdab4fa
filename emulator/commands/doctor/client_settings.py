"""A client's own settings: in files and in the environment, by the names that clients use.

Files are `.env` files, JSON such as aepp's, and environments of Postman.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from emulator.commands import CommandError
from emulator.environment import PREFIX
from emulator.json_types import Json

MAX_BYTES = 1024**2
"""How large a file of settings may be."""

FEW_KINDS = 3
"""How many kinds of settings a file has to have, to be a client's without an address of Adobe's."""

_FOUND_FILES = (".env", ".env.local", "*.env", "*aep*.json", "*config*.json", "*environment*.json")
_CLIENT_PREFIXES = ("AEP_", "AEPP_", "ADOBE_", "IMS_")
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*")
_QUOTED = re.compile(r"""(?P<quote>["'])(?P<text>.*?)(?P=quote)(?:\s+#.*)?""")
_PLACEHOLDER = re.compile(
    r"<[^>]*>|\{\{.*\}\}|\$\{.*\}|(your|change)[-_ ].*|xxx+|\.\.\.", re.IGNORECASE
)

_BEGINNING = r"((AEPP?|ADOBE|EXPERIENCE|PLATFORM|IMS|OAUTH|X|GW)_)*"
_WHERE = r"(BASE_?)?(UR[IL]|HOST|ENDPOINT|GATEWAY)"
_KINDS = {
    kind: re.compile(r"(?!(HOST|UR[IL])$)" + _BEGINNING + names.replace("{where}", _WHERE))
    for kind, names in (
        ("scopes", r"(META_?)?SCOPES?"),
        ("token URL", r"(IMS(_?{where})?|(AUTH|TOKEN)_?{where})"),
        ("base URL", r"((PLATFORM|EMULATOR|BASE|API|GATEWAY)?_?{where}|PLATFORM|EMULATOR)"),
        ("secret", r"(CLIENT_?)?SECRETS?"),
        ("organization", r"ORG(ANI[SZ]ATION)?(_?ID)?"),
        ("api key", r"(API_?KEY|CLIENT_?ID)"),
        ("sandbox", r"SANDBOX(_?NAME)?"),
        ("token", r"((ACCESS|BEARER)_?)?TOKEN"),
    )
}
"""What a setting is for, by its name in capitals with underscores."""

_ADDRESS = re.compile(r"https?://[^\s/]+(/\S*)?|(localhost|[\w-]+(\.[\w-]+)+)(:\d+)?(/\S*)?")
_PLATFORM = re.compile(r"platform(-[\w-]+)?\.adobe\.io")
_TOKEN_SERVICE = re.compile(r"[\w.-]*\.adobelogin\.com")


@dataclass(frozen=True, slots=True)
class ClientSetting:
    """A setting of a client.

    Args:
        kind: What it is for: `organization`, `sandbox`, `api key`, `secret`, `scopes`, `token`,
            `base URL`, or `token URL`.
        name: Its name, as it is written there.
        value: Its value.
        source: The file, or `the environment`.
    """

    kind: str
    name: str
    value: str
    source: str

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"{self.name} in {self.source}"

    @property
    def is_missing(self) -> bool:
        """Whether it is empty, or has still the text of a template."""
        return not self.value or _PLACEHOLDER.fullmatch(self.value) is not None


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file with settings of a client, and whether it is one of the library aepp."""

    path: Path
    values: dict[str, str]
    is_of_aepp: bool = False


def find_files(folder: Path) -> Iterator[SettingsFile]:
    """Yield the files of a folder that have settings of a client of the platform."""
    paths = dict.fromkeys(path for name in _FOUND_FILES for path in sorted(folder.glob(name)))
    for path in paths:
        try:
            if path.is_file() and path.stat().st_size <= MAX_BYTES:
                found = read_file(path)
                if _is_of_a_client(found.values):
                    yield found
        except (CommandError, OSError):
            continue  # a file that nobody has named may be anything


def _is_of_a_client(values: Mapping[str, str]) -> bool:
    found = list(settings_in(values, ""))
    texts = [one.value for one in found]
    is_adobes = any(text.endswith("@AdobeOrg") or leads_to_adobe(text) for text in texts)
    return is_adobes or len({one.kind for one in found}) >= FEW_KINDS


def read_file(path: Path) -> SettingsFile:
    """Read a file of settings.

    Raises:
        CommandError: It cannot be read, or is neither a `.env` file nor JSON.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text in UTF-8"
        raise CommandError(f"{path}: {reason}") from error
    if text.lstrip().startswith(("{", "[")):
        return _of_json(path, text)
    values = dict(_lines(text))
    if text.strip() and not values:
        raise CommandError(f"{path}: neither JSON nor lines such as NAME=value")
    return SettingsFile(path, values)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and values of a `.env` file."""
    for line in text.splitlines():
        if found := _LINE.fullmatch(line):
            quoted = _QUOTED.fullmatch(found[2])
            yield found[1], quoted["text"] if quoted else re.sub(r"(^|\s)#.*", "", found[2]).strip()


def _of_json(path: Path, text: str) -> SettingsFile:
    from emulator.json_types import loads

    try:
        content = loads(text.encode())
    except ValueError as error:
        raise CommandError(f"{path}: not JSON: {error}") from error
    if not isinstance(content, dict):
        raise CommandError(f"{path}: expected a JSON object with settings")
    rows = content.get("values")
    if isinstance(rows, list):  # an environment of Postman
        members = [row for row in rows if isinstance(row, dict) and row.get("enabled", True)]
        return SettingsFile(path, {str(row.get("key")): str(row.get("value")) for row in members})
    names = {name.lower() for name in content}
    keys = {"client_id", "api_key"} & names
    ways = {"scopes", "auth_code"} & names
    return SettingsFile(path, dict(_flat(content)), "org_id" in names and bool(keys and ways))


def _flat(content: Json, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts in a JSON value, by the names that lead to them."""
    if isinstance(content, dict):
        for member, value in content.items():
            yield from _flat(value, f"{name}.{member}" if name else member)
    elif isinstance(content, list):
        yield name, ",".join(str(value) for value in content)
    elif isinstance(content, str):
        yield name, content


def settings_in(values: Mapping[str, str], source: str) -> Iterator[ClientSetting]:
    """Yield those values that are settings of a client of the platform."""
    for name, value in values.items():
        if kind := _kind(re.sub(r"\W+", "_", name).upper(), value):
            yield ClientSetting(kind, name, value.strip(), source)


def environment_of_client(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are a client's, by the beginning of their names."""
    return {
        name: value
        for name, value in environment.items()
        if name == "IMS" or (name.startswith(_CLIENT_PREFIXES) and not name.startswith(PREFIX))
    }


def _kind(name: str, value: str) -> str:
    """Return what a setting is for, empty if it is none of a client of the platform."""
    kind = next((kind for kind, names in _KINDS.items() if names.fullmatch(name)), "")
    is_address = _ADDRESS.fullmatch(value) is not None
    if kind != "scopes" and is_address and leads_to_adobe(value):
        return "base URL" if _PLATFORM.fullmatch(host_of(value)) else "token URL"
    return "" if kind.endswith(" URL") and not is_address else kind


def host_of(value: str) -> str:
    """Return the host of a URL, or of a text that is only a host."""
    try:
        return urlsplit(value if "://" in value else f"//{value}").hostname or ""
    except ValueError:
        return ""


def leads_to_adobe(value: str) -> bool:
    """Tell whether an address is that of Adobe's platform, or of its token service."""
    host = host_of(value)
    return bool(_PLATFORM.fullmatch(host) or _TOKEN_SERVICE.fullmatch(host))


def first_of(settings: Iterable[ClientSetting], kind: str) -> ClientSetting | None:
    """Return the first setting of a kind that has a value; else the first one; else None."""
    found = [one for one in settings if one.kind == kind]
    return next((one for one in found if not one.is_missing), found[0] if found else None)
