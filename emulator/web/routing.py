"""Binds operations to URLs: one map, for requests that come in and for recorded ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map
from werkzeug.routing import Rule as UrlRule

from emulator.contract import Contract, Operation

_PARAMETER = re.compile(r"\{(\w+)(\*?)\}")


class MatchOnlyRule(UrlRule):
    """A URL rule that matches and never builds a URL, and may lie in several maps.

    Werkzeug compiles a builder for every rule, which would be a fifth of the whole start. What
    matches does not depend on the map, where maps treat slashes alike: it is compiled once.
    """

    is_compiled = False

    def bind(self, map: Map, rebind: bool = False) -> None:
        """Compile the rule for the first map that it is added to."""
        if not self.is_compiled:
            super().bind(map, rebind)
            self.is_compiled = True

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        return _builds_nothing


def _builds_nothing(rule: UrlRule, **values: object) -> tuple[str, str]:
    raise NotImplementedError("operations have no URLs to build")


def new_map(rules: Iterable[UrlRule] = ()) -> Map:
    """Return a URL map that takes slashes for part of a path.

    Ids of the Schema Registry are URIs: their slashes, doubled ones too, belong to them.
    """
    return Map(list(rules), strict_slashes=False, merge_slashes=False)


@lru_cache(maxsize=256)
def shared_rule(pattern: str, methods: frozenset[str], endpoint: str) -> UrlRule:
    """Return the URL rule of a pattern and an endpoint, the same one for every map of `new_map`."""
    rule = MatchOnlyRule(pattern, methods=methods, endpoint=endpoint)
    new_map([rule])
    return rule


_OF_CONTRACTS: WeakKeyDictionary[Contract, tuple[UrlRule, ...]] = WeakKeyDictionary()


def url_rules(contract: Contract) -> tuple[UrlRule, ...]:
    """Return a URL rule for each path of each operation; its endpoint is the operation's id.

    They are for maps of `new_map`, and made once for a contract: a suite makes emulators by the
    hundred, and worlds.
    """
    rules = _OF_CONTRACTS.get(contract)
    if rules is None:
        rules = tuple(_url_rules(contract))
        new_map(rules)
        _OF_CONTRACTS[contract] = rules
    return rules


def _url_rules(contract: Contract) -> Iterator[UrlRule]:
    for operation in contract.operations.values():
        for path in (operation.path, *operation.aliases):
            pattern = operation.base_path + _PARAMETER.sub(_converter, path)
            yield MatchOnlyRule(pattern, methods=[operation.method], endpoint=operation.id)


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
    """Where a request leads: an operation with the parameters of its path, or to none.

    `service` is the one below whose base path it is, `""` if it is below none. `is_path` says of a
    request without an operation that its path is known, with other methods.
    """

    operation: Operation | None
    path: dict[str, str]
    service: str = ""
    is_path: bool = False


class Router:
    """Finds the operation of a method and a path without a web application."""

    def __init__(self, contract: Contract) -> None:
        self._operations = contract.operations
        self._service = service_finder(contract)
        self._canonical = CanonicalPaths(contract)
        self._urls = new_map(url_rules(contract)).bind("localhost")

    def find(self, method: str, path: str) -> Route:
        """Return where a request leads; `path` is as it was sent, percent-encoded."""
        canonical = self._canonical(unquote(path, errors="replace"))
        service = self._service(canonical)
        try:
            endpoint, values = self._urls.match(canonical, method=method)
        except MethodNotAllowed:
            return Route(None, {}, service, is_path=True)
        except HTTPException:
            return Route(None, {}, service)
        return Route(self._operations[endpoint], dict(values), service)
