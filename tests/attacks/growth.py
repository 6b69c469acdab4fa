"""Every regular expression of the emulator, with texts that it may take long for.

    python -m tests.attacks.growth [EXPRESSION…]

prints which of them, and of those that are given, take more than linear time, measured in CPU time
of a process of its own. The
texts are made from the parsed expression: each repetition of it is repeated many times, behind what
has to come before it, and then something follows that fits nowhere.
"""

from __future__ import annotations

import ast
import json
import re
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import translate
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import jsonschema_rs

from emulator.mapping.patterns import MAX_DATE, pattern
from emulator.xdm.identity import ROOT
from tests.attacks.worst_texts import worst_texts

FOLDER = Path(__file__).parents[2]
ENGINES = ("re", "engine")
"""The names by which modules know `re` and the package regex."""

CALLS = ("compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer")
USES = re.compile(rf"\b(?:re|regex|engine)\b|\.(?:{'|'.join(CALLS[1:])})\(")
"""What stands in every module that uses an engine, or an expression of another module."""

WHOLE = frozenset(("match", "fullmatch"))
"""Methods that begin at one place; the others try every place of a text."""

MATCHED_WHOLE = {"emulator.commands.doctor.client_settings._KINDS"}
"""Tables of expressions, each of which a loop calls by `fullmatch`; the search sees no loops."""

SIZE, TIMES = 2_000, 8
MEASURABLE_SECONDS = 0.02
LIMITED_SECONDS = 0.5
LONGEST_SECONDS = 0.6
"""More than `LIMITED_SECONDS`."""
LONG_SECONDS = 0.3
"""An expression that grows as it may takes a fifteenth of it for the longest of the other texts."""


@dataclass(frozen=True)
class Expression:
    """A regular expression, where it stands, and whether it is tried at every place of a text."""

    place: str
    pattern: str
    flags: int
    everywhere: bool
    longest: int = 1_000_000


class TooLongError(Exception):
    """A search has used up its CPU time."""


MADE: dict[str, tuple[str, ...]] = {
    "emulator.databases.errors.one_line": (rf"(?<!\w){re.escape('aaaa')}(?!\w)",),
    "emulator.faults.fault.make_fault": (translate("*a*a*a*b"),),
    "emulator.faults.fault._check_names": (translate("*a*a*a*b"),),
    "emulator.mapping.functions.strings.split": ("[,;]",),
    "emulator.mapping.patterns.pattern": tuple(
        expression.pattern
        for text in ("yyyy-MM-dd'T'HH:mm:ss.SSSZ", "zVOX", "GEEEEMMMMdyyyya")
        if (expression := pattern(text).expression)
    ),
    # Of mappings: its searches end by time, and test_expressions.py has its own worst texts.
    "emulator.mapping.regexes.regex": (),
    "emulator.services.schema_registry.export_import.exported_resources": (
        f"(?<=^{re.escape(ROOT)})acme(?=/)|^_acme(?=[./]|$)",
    ),
}
"""What functions make expressions of, or examples of it."""

LIMITED = {
    "emulator.databases.errors._IN_URL": 8_000,
    "emulator.databases.errors.one_line": 8_000,
    "emulator.testing.guard.IMS": 253,
    "emulator.testing.guard.OTHERS": 253,
    "emulator.testing.guard.PLATFORM": 253,
    "emulator.testing.guard.STREAMING": 253,
    "emulator.faults.fault.make_fault": 100,
    "emulator.faults.fault._check_names": 100,
    "emulator.mapping.patterns.pattern": MAX_DATE,
    "emulator.mapping.functions.user_agents._SYSTEMS": 1_000,
    "emulator.mapping.functions.user_agents._AGENTS": 1_000,
    "emulator.mapping.functions.user_agents._DEVICES": 1_000,
}
"""Where only texts of so many characters come: hosts, names of operations, dates, headers."""


@cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """Return the modules that may use an engine, with their trees."""
    return tuple(_modules())


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((FOLDER / "emulator").rglob("*.py")):
        name = ".".join(path.relative_to(FOLDER).with_suffix("").parts).removesuffix(".__init__")
        text = path.read_text(encoding="utf-8")
        if USES.search(text):
            yield name, ast.parse(text)


@cache
def calls_in(tree: ast.Module) -> tuple[tuple[str, ast.Call], ...]:
    """Return the function that each call of an engine stands in, empty for none, and the call."""

    def visit(node: ast.AST, function: str) -> Iterator[tuple[str, ast.Call]]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if isinstance(of, ast.Name) and of.id in ENGINES and node.func.attr in CALLS:
                yield function, node
        for child in ast.iter_child_nodes(node):
            yield from visit(child, function)

    return tuple(visit(tree, ""))


def patterns_in(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from (found for item in value.values() for found in patterns_in(item))
    elif isinstance(value, list | tuple):
        yield from (found for item in value for found in patterns_in(item))


class Uses(NamedTuple):
    """What a module does with names: of which it calls which methods, and what it imports."""

    called: set[tuple[str, str]]
    imported: set[tuple[str | None, str]]
    """A module, and a name of it."""
    modules: set[tuple[str, str | None]]
    """A module, and what it is called here."""


@cache
def _uses() -> dict[str, Uses]:
    """Return what each module does with names."""
    found = {}
    for module, tree in modules():
        called: set[tuple[str, str]] = set()
        imported: set[tuple[str | None, str]] = set()
        whole: set[tuple[str, str | None]] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                called.add((node.value.id, node.attr))
            elif isinstance(node, ast.ImportFrom):
                imported |= {(node.module, alias.name) for alias in node.names}
            elif isinstance(node, ast.Import):
                whole |= {(alias.name, alias.asname) for alias in node.names}
        found[module] = Uses(called, imported, whole)
    return found


def methods_of(module: str, name: str) -> set[str]:
    """Return which methods are called of a module's name, there and where it is imported."""
    return {
        method
        for other, uses in _uses().items()
        if other == module or (module, name) in uses.imported
        for of, method in uses.called
        if of == name and method in CALLS
    }


def expressions() -> Iterator[Expression]:
    """Yield every expression of the emulator's code."""
    for module, tree in modules():
        at_import = [call for function, call in calls_in(tree) if not function]
        names = vars(import_module(module)) if at_import else {}
        assigned = {
            target.id
            for node in tree.body
            for target in (node.targets if isinstance(node, ast.Assign) else ())
            if isinstance(target, ast.Name)
        } | {
            node.target.id
            for node in tree.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        for name in sorted(assigned & set(names)):
            methods = methods_of(module, name)
            for found in patterns_in(names[name]):
                text = found.pattern
                plain = text.decode("latin-1") if isinstance(text, bytes) else text
                place = f"{module}.{name}"
                is_whole = place in MATCHED_WHOLE or (methods and methods <= WHOLE)
                everywhere = not is_whole
                yield Expression(
                    place, plain, found.flags, everywhere, LIMITED.get(place, 1_000_000)
                )
        for function, call in calls_in(tree):
            if function:
                yield from _inside(f"{module}.{function}", call)


def _inside(place: str, call: ast.Call) -> Iterator[Expression]:
    assert isinstance(call.func, ast.Attribute)
    everywhere = call.func.attr not in WHOLE
    pattern = call.args[0]
    if isinstance(pattern, ast.Constant) and isinstance(pattern.value, str):
        yield Expression(place, pattern.value, re.DOTALL, everywhere, LIMITED.get(place, 1_000_000))
        return
    if place not in MADE:
        raise LookupError(f"{place} makes an expression of {ast.unparse(pattern)}")
    for made in MADE[place]:
        yield Expression(place, made, re.DOTALL, everywhere, LIMITED.get(place, 1_000_000))


def contract_patterns() -> set[str]:
    """Return every `pattern` of the JSON Schemas in contracts/ and fixtures/."""
    found: set[str] = set()

    def visit(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("pattern"), str):
                found.add(value["pattern"])
            if isinstance(value.get("patternProperties"), dict):
                found.update(value["patternProperties"])
            for item in value.values():
                visit(item)
        elif isinstance(value, list):
            for item in value:
                visit(item)

    for folder in ("contracts", "fixtures"):
        for path in sorted((FOLDER / folder).rglob("*.json")):
            visit(json.loads(path.read_text(encoding="utf-8")))
    return found


def seconds(search: Callable[[str], object], text: str, longest: float = LONG_SECONDS) -> float:
    """Return the CPU time of a search; infinite where it has not ended after so many seconds."""

    def end(number: int, frame: FrameType | None) -> None:
        raise TooLongError

    signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, longest)
    begun = time.process_time()
    try:
        search(text)
        return time.process_time() - begun
    except TooLongError:
        return float("inf")
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def grows_too_fast(
    search: Callable[[str], object], make: Callable[[int], str], longest: int
) -> bool:
    """Tell whether eight times the text takes more than twenty-four times the time, or never ends.

    Linear time makes it eight, quadratic time sixty-four. Where texts are short, it has to end.
    """
    if longest < SIZE * TIMES:
        return seconds(search, make(longest), LONGEST_SECONDS) > LIMITED_SECONDS
    bigger = seconds(search, make(SIZE * TIMES))
    if bigger < MEASURABLE_SECONDS or bigger == float("inf"):
        return bigger == float("inf")
    smaller = max(min(seconds(search, make(SIZE)) for _ in range(3)), 1e-5)
    return min(bigger, seconds(search, make(SIZE * TIMES))) > 3 * TIMES * smaller


def _find_all(compiled: re.Pattern[str], text: str) -> object:
    return deque(compiled.finditer(text), maxlen=0)


def slow_expressions() -> list[str]:
    """Return where expressions stand that take more than linear time, with a text of theirs."""
    found = []
    for item in expressions():
        compiled = re.compile(item.pattern, item.flags & ~(re.DEBUG | re.UNICODE))
        search = partial(_find_all, compiled) if item.everywhere else compiled.fullmatch
        for make in worst_texts(item.pattern, item.flags & re.VERBOSE):
            if grows_too_fast(search, make, item.longest):
                found.append(f"{item.place}: {item.pattern!r} by {make(40)!r}")
                break
    return found


def slow_patterns() -> list[str]:
    """Return the patterns of contracts and fixtures that take more than linear time."""
    found = []
    for text in sorted(one for one in contract_patterns() if "${" not in one):
        search = jsonschema_rs.validator_for({"pattern": text}).is_valid
        for make in worst_texts(text.replace("(?i:", "(?:")):
            if grows_too_fast(search, make, 1_000_000):
                found.append(f"{text!r} by {make(40)!r}")
                break
    return found


def is_slow(pattern: str) -> bool:
    """Tell whether an expression takes more than linear time to be looked for."""
    search = re.compile(pattern).search
    return any(grows_too_fast(search, make, 1_000_000) for make in worst_texts(pattern))


def escapes() -> list[str]:
    """Return where engines have other names than those the search knows, and what is not there."""
    known = {("re", None), ("regex", "engine")}
    found = [
        name
        for name, uses in _uses().items()
        if {"re", "regex"} & {module for module, _ in uses.imported}
        or {one for one in uses.modules if one[0] in ("re", "regex")} - known
    ]
    places = {f"{name}.{function}" for name, tree in modules() for function, _ in calls_in(tree)}
    return [*found, *sorted(set(MADE) - places)]


if __name__ == "__main__":
    told = {
        "escapes": escapes(),
        "searched": [len(list(expressions())), len(contract_patterns())],
        "code": slow_expressions(),
        "contract": slow_patterns(),
        "seen": [pattern for pattern in sys.argv[1:] if is_slow(pattern)],
    }
    print(json.dumps(told, indent=1))
