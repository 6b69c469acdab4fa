"""Finds the operation of a URL, for requests that arrive and for recorded ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map
from werkzeug.routing import Rule as UrlRule

from emulator.contract import Contract, Operation

_PARAMETER = re.compile(r"\{(\w+)(\*?)\}")

MAX_REMEMBERED = 2048
"""For how many paths it is remembered where they lead: clients ask again for what they have."""

MAX_REMEMBERED_PATH = 256
"""How long these are at most, in characters."""


class MatchOnlyRule(UrlRule):
    """A URL rule that matches and never builds a URL.

    Werkzeug compiles a builder for every rule, which would be a fifth of the whole start.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        return _builds_nothing


def _builds_nothing(rule: UrlRule, **values: object) -> tuple[str, str]:
    raise NotImplementedError("operations have no URLs to build")


STORAGE = {
    "/dlblobstore<rest>/<container>": ("GET", "HEAD"),
    "/dlblobstore<rest>/<container>/<path:path>": ("PUT", "GET", "HEAD", "DELETE"),
}
"""Paths and methods of the landing zone's storage, which no document of Adobe's is about."""


def _url_rules(contract: Contract) -> Iterator[UrlRule]:
    for operation in contract.operations.values():
        for path in (operation.path, *operation.aliases):
            pattern = operation.base_path + _PARAMETER.sub(_converter, path)
            yield MatchOnlyRule(pattern, methods=[operation.method], endpoint=operation.id)
    for pattern, methods in STORAGE.items():
        yield MatchOnlyRule(pattern, methods=methods, endpoint="")


def _converter(match: re.Match[str]) -> str:
    return f"<path:{match[1]}>" if match[2] else f"<{match[1]}>"


class CanonicalPaths:
    """Gives path segments their canonical spelling: documents write `datasets` and `dataSets`."""

    def __init__(self, contract: Contract) -> None:
        self._aliases = {
            f"{entry.base_path}/{alias}".lower(): f"{entry.base_path}/{name}"
            for entry in contract.services.values()
            for alias, name in {**entry.path_aliases}.items()
        }
        depths = {alias.count("/") for alias in self._aliases}
        self._depth = depths.pop() if len(depths) == 1 else 0
        self._prefixes = tuple({alias.rpartition("/")[0] for alias in self._aliases})

    def __call__(self, path: str) -> str:
        """Return a path with its canonical spelling."""
        if self._prefixes and path.startswith(self._prefixes):
            steps = path.split("/")
            head = "/".join(steps[: self._depth + 1])
            canonical = self._aliases.get(head.lower())
            if canonical and canonical != head:
                return canonical + path[len(head) :]
        return path


def service_finder(contract: Contract) -> Callable[[str], str]:
    """Return a function from a path to the name of the service below whose base path it is."""
    bases = [(f"{entry.base_path}/", entry.name) for entry in contract.services.values()]

    def find(path: str) -> str:
        return next((name for base, name in bases if path.startswith(base)), "")

    return find


class Route(NamedTuple):
    """Where a request leads: to an operation, with the parameters of its path, or to none.

    Args:
        operation: The operation; None where there is none, or not with this method.
        path: The parameters in its path, by name.
        url_path: The path that was looked up: decoded, in its canonical spelling.
        service: The service below whose base path it is; `""` if it is below none.
        allowed: The methods with which a path is known that has no operation with this one.
        is_storage: Whether it leads to the landing zone's storage.
    """

    operation: Operation | None
    path: dict[str, str]
    url_path: str
    service: str = ""
    allowed: tuple[str, ...] = ()
    is_storage: bool = False


class Router:
    """Finds the operation of a method and a path."""

    def __init__(self, contract: Contract) -> None:
        self._operations = contract.operations
        self._service = service_finder(contract)
        self._canonical = CanonicalPaths(contract)
        # Ids of the Schema Registry are URIs: their slashes, doubled ones too, belong to them.
        urls = Map(list(_url_rules(contract)), strict_slashes=False, merge_slashes=False)
        self._urls = urls.bind("localhost")
        self._remembered = lru_cache(maxsize=MAX_REMEMBERED)(self._find)

    @classmethod
    def of(cls, contract: Contract) -> Router:
        """Return the router of a contract, made once."""
        return contract.once(cls)

    def find(self, method: str, path: str) -> Route:
        """Return where a request leads; `path` is as it was sent, percent-encoded.

        Nobody may change what is returned: it is remembered.
        """
        find = self._find if len(path) > MAX_REMEMBERED_PATH else self._remembered
        return find(method, path)

    def _find(self, method: str, path: str) -> Route:
        canonical = self._canonical(unquote(path, errors="replace"))
        service = self._service(canonical)
        try:
            endpoint, values = self._urls.match(canonical, method=method)
        except MethodNotAllowed as error:
            allowed = tuple(sorted(set(error.valid_methods or ()) - {"OPTIONS"}))
            return Route(None, {}, canonical, service, allowed)
        except HTTPException:
            return Route(None, {}, canonical, service)
        operation = self._operations.get(endpoint)
        is_storage = operation is None
        return Route(operation, dict(values), canonical, service, is_storage=is_storage)
