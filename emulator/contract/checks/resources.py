"""How checks find other resources and ask facts: by pointers in a rule's arguments."""

from __future__ import annotations

from emulator.contract.lookup import Lookup
from emulator.json_types import Json, JsonObject, at, dotted


def pointed(pointer: str, value: Json, lookup: Lookup) -> Json:
    """Return what a pointer names: below the judged value after `.`, else in the request."""
    return at(value, pointer[1:]) if pointer.startswith(".") else at(lookup.request, pointer)


def find(kind: str, key: Json, lookup: Lookup) -> JsonObject | None:
    """Return a resource; None if it is not there, or the key is not a text."""
    return lookup.find(kind, key) if isinstance(key, str) else None


def resource(value: Json, arguments: JsonObject, lookup: Lookup) -> JsonObject | None:
    """Return the resource that `kind` and the pointer `key`, or a fact, name; None without it.

    Without `key`, the judged value is the key.
    """
    if "fact" in arguments:
        found: JsonObject | None = ask(value, arguments, lookup)
        return found
    return find(arguments["kind"], pointed(arguments.get("key", "."), value, lookup), lookup)


def is_meant(found: JsonObject, listed: str, arguments: JsonObject) -> bool:
    """Tell whether a rule speaks of a list of a resource.

    A rule may be about lists that are known in whole, or about those known in part only. The
    argument `listed_in_whole` or `listed_in_part` is the dotted path at which the resource names
    the lists that are known in whole; with neither, the rule is about all of them.
    """
    whole = arguments.get("listed_in_whole")
    path = whole or arguments.get("listed_in_part")
    if path is None:
        return True
    known = dotted(found, path)
    return (isinstance(known, list) and listed in known) is (whole is not None)


def noun(arguments: JsonObject) -> str:
    """Return the word for what `resource` finds: the kind's, or the fact's."""
    name: str = arguments["kind"] if "kind" in arguments else arguments["fact"].partition(".")[2]
    return name.replace("_", " ")


def ask(value: Json, arguments: JsonObject, lookup: Lookup) -> Json:
    """Return what the fact `fact` is of the values at the pointers `of`; None if one is missing.

    Without `of`, the judged value itself is the only argument.
    """
    of = fact_arguments(value, arguments, lookup)
    return None if of is None else lookup.ask(arguments["fact"], *of)


def fact_arguments(value: Json, arguments: JsonObject, lookup: Lookup) -> list[Json] | None:
    """Return the texts at the pointers `of`, or the whole query; None if one is neither."""
    of = [pointed(pointer, value, lookup) for pointer in arguments.get("of", ["."])]
    query = lookup.request.get("query")
    return of if all(isinstance(item, str) or item is query for item in of) else None
