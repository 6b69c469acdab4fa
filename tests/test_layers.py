"""Who may import whom, and who may read the clock; read from the source with `ast`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "emulator"
MODULES = sorted(PACKAGE.rglob("*.py"))
SERVICES = sorted(path.name for path in (PACKAGE / "services").iterdir() if path.is_dir())
THIRD_PARTY = {
    "azure": {"storage.azure", "storage.signatures"},
    "aiohttp": {"testing.by_aiohttp", "testing.interception"},
    "cryptography": {"serving.certificates"},
    "faker": {"ids"},
    "flask": {"web.flask_app", "app", "admin", "page", "services.connectors.landing_zone_routes"},
    "httptools": {"serving", "testing.by_bytes"},
    "ijson": {"traffic"},
    "jinja2": {"templates"},
    "jsonpatch": {"json_patch"},
    "jsonschema": {"contract.second_opinion"},
    "lark": {"mapping.parser", "mapping.builder"},
    "paramiko": {"storage.credentials"},
    "prometheus_client": {"admin.prometheus"},
    "pyarrow": {"data_plane.arrow_values", "data_plane.parquet"},
    "pydantic": {
        "contract.files",
        "faults",
        "fixtures.overlay",
        "seeding",
        "state",
        "storage.endpoints",
        "storage.form",
    },
    "fsspec": {"storage.drivers"},
    "gcsfs": {"storage.drivers"},
    "psycopg": {"databases", "store.postgresql", "store.statements"},
    "sqlalchemy": {
        "databases",
        "store.advisory_locks",
        "store.database",
        "store.failures",
        "store.names",
        "store.process_locks",
        "store.lists",
        "store.recent",
        "store.sql",
        "store.postgresql",
        "store.sql_blobs",
        "store.sql_calls",
        "store.sql_snapshots",
        "store.sql_stores",
        "store.sqlite",
        "store.statements",
        "store.tables",
        "store.writer",
    },
    "rich": {"commands.progress", "commands.tables"},
    "shtab": {"commands.completion"},
    "uvicorn": {"serving"},
    "werkzeug": {"byte_ranges", "page", "web.flask_app", "web.forms", "web.routing"},
}
"""The only modules of ours, or packages of them, that know a library."""
ONLY_RUNTIME = {
    "time.time",
    "time.time_ns",
    "datetime.now",
    "datetime.utcnow",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "uuid.uuid1",
    "uuid.uuid4",
    "os.urandom",
}
CHANCE = {"random", "secrets", "uuid"}
LAYERS = tuple(
    set(row.split())
    for row in (
        "moments output plurals",
        "clock",
        "environment setting_values",
        "json_types package_data problem sandbox settings budgets etag templates form_errors",
        "facts near_names",
        "storage",
        "byte_ranges store xdm",
        "documents ids jwt shared_clock json_patch filters hooks mapping masking ongoing",
        "contract databases derived_ids fixtures",
        "export scope",
        "by_name claims run_summary services.interfaces",
        "platform",
        "data_plane web",
        "batch_explanation left_behind run_needs",
        "run_explanation services faults journal state",
        "coverage",
        "reports",
        "due seeding",
        "emulator",
        "admin page shared",
        "app",
        "serving traffic",
        "testing commands",
        "cli",
        "__main__",
    )
)
"""The modules and folders of emulator/, the lowest first; a module with a place of its own stands
there rather than with its folder. One imports what stands in rows before its own, not what stands
beside it; imports for types count like any other."""


def name_of(path: Path) -> str:
    """`services.ims.service` of emulator/services/ims/service.py; packages by their own name."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


Import = ast.Import | ast.ImportFrom


@dataclass(frozen=True, eq=False)
class Source:
    """What is looked at of a module; the rest of its tree would be walked again by each test.

    Args:
        imports: All of them, and `for_types` those that only types need.
        at_once: Those that are carried out when it is imported.
        attributes: Names with dots, `time.time` for one, that it uses.
    """

    imports: list[Import]
    for_types: list[Import]
    at_once: list[Import]
    attributes: set[str]

    @classmethod
    def of(cls, path: Path) -> Source:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        made = cls([], [], [node for node in tree.body if isinstance(node, Import)], set())
        for node in ast.walk(tree):
            if isinstance(node, Import):
                made.imports.append(node)
            elif isinstance(node, ast.Attribute):
                made.attributes.add(dotted(node))
            elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                inner = (one for part in node.body for one in ast.walk(part))
                made.for_types.extend(one for one in inner if isinstance(one, Import))
        return made


def dotted(node: ast.expr) -> str:
    """Return a name with dots as it is written; of what is no name, such as a call, nothing."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@cache
def sources() -> list[tuple[str, Source]]:
    return [(name_of(path), Source.of(path)) for path in MODULES]


@cache
def imported(source: Source, *, for_types: bool = True) -> set[str]:
    """All that a module imports, anywhere: modules, and names with the module they come from."""
    skipped = () if for_types else source.for_types
    return names_in(node for node in source.imports if node not in skipped)


def names_in(imports: Iterable[Import]) -> set[str]:
    """Return the names of modules and of what is imported from them."""
    found: set[str] = set()
    for node in imports:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        else:
            assert node.level == 0, "imports are absolute"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@cache
def edges() -> dict[str, set[str]]:
    """Which modules of ours each module imports; a package means its own `__init__`."""
    known = {f"emulator.{name}" for name, _ in sources()}
    found = {}
    for name, source in sources():
        names = imported(source)
        submodules = {module.rpartition(".")[0] for module in names & known}
        packages = {
            node.module
            for node in source.imports
            if isinstance(node, ast.ImportFrom)
            and any(f"{node.module}.{alias.name}" not in known for alias in node.names)
        }
        found[name] = ours((names & known) - (submodules - packages))
    return found


def circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """The largest groups of modules of which each leads to every other, and to itself."""
    reached = {name: _reached(graph, name) for name in graph}
    found: list[set[str]] = []
    for name in sorted(graph):
        if name in reached[name] and not any(name in circle for circle in found):
            found.append({other for other in reached[name] if name in reached[other]})
    return found


def _reached(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in graph[waiting.pop()] - seen:
            seen.add(name)
            waiting.append(name)
    return seen


def ours(names: set[str]) -> set[str]:
    return {name.removeprefix("emulator.") for name in names if name.startswith("emulator.")}


def within(names: set[str], *parts: str) -> set[str]:
    """Those names that are one of the parts or below it."""
    return {name for name in names if any(f"{name}.".startswith(f"{part}.") for part in parts)}


def test_a_module_imports_only_what_stands_below_it() -> None:
    row_of = {name: row for row, names in enumerate(LAYERS) for name in names}
    upward = set()
    for importer, names in edges().items():
        for name in names:
            above, below = (
                module if module in row_of else module.partition(".")[0]
                for module in (importer, name)
            )
            for placed in (above, below):
                assert placed in row_of, f"give {placed} a place in LAYERS"
            if above != below and row_of[above] <= row_of[below]:
                upward.add((above, below))
    assert upward == set()


def test_modules_import_one_another_in_no_circle() -> None:
    assert circles(edges()) == []


def test_a_circle_is_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": {"d"}, "e": {"a"}}
    assert circles(graph) == [{"b", "c"}, {"d"}]


@pytest.mark.parametrize("library", THIRD_PARTY)
def test_a_library_is_known_to_few(library: str) -> None:
    users = {
        name for name, source in sources() if within(imported(source, for_types=False), library)
    }
    assert users == within(users, *THIRD_PARTY[library])


def test_no_private_module_of_a_library_is_imported() -> None:
    users = {
        name
        for name, source in sources()
        for module in imported(source)
        if any(part.startswith("_") for part in module.split("."))
        and not module.startswith(("__future__", "emulator", "_typeshed"))
    }
    assert users == set()


def test_no_method_of_a_foreign_object_is_replaced() -> None:
    """Type checkers object to it, so whoever does it has to silence them; tests' patches aside."""
    users = set()
    for path in MODULES:
        text, name = path.read_text(encoding="utf-8"), name_of(path)
        if "ignore[method-assign" in text or ("setattr(" in text and "testing." not in name):
            users.add(name)
    assert users == set()


@pytest.mark.parametrize(
    ("folder", "others"),
    [
        ("export", "contract json_types templates"),
        ("mapping", "clock json_types moments"),
        ("storage", "budgets form_errors json_types settings"),
        ("store", "budgets json_types sandbox storage"),
    ],
)
def test_a_folder_knows_only_few_others(folder: str, others: str) -> None:
    for name, names in edges().items():
        if within({name}, folder):
            assert names == within(names, folder, *others.split()), name


def test_the_mapping_language_is_imported_within_functions() -> None:
    for name, source in sources():
        at_once = ours(names_in(source.at_once))
        assert within({name}, "mapping") or not within(at_once, "mapping"), name


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_knows_no_other_service(service: str) -> None:
    allowed = (f"services.{service}", "services.interfaces")
    for name, source in sources():
        if name.startswith(f"services.{service}"):
            known = within(ours(imported(source)), "services")
            assert known <= within(known, *allowed) | {"services"}, name


def test_a_domain_knows_neither_http_nor_the_judge() -> None:
    for name, source in sources():
        parts = name.split(".")
        is_web = parts[-1].endswith(("routes", "shapes"))
        if parts[0] == "services" and not is_web and len(parts) > 2:
            assert not within(ours(imported(source)), "web", "contract.judge"), name


def test_recorded_traffic_is_judged_without_services() -> None:
    """It borrows a platform for what every sandbox has, and never calls a view."""
    for name, source in sources():
        if name.startswith("traffic"):
            known = within(ours(imported(source)), "services", "web")
            allowed = (
                "web.failures",
                "web.heads",
                "web.message",
                "web.limits",
                "web.request_document",
                "web.routing",
            )
            assert known == within(known, *allowed), name


def test_commands_reach_services_only_through_the_application() -> None:
    for name, source in sources():
        if name == "cli" or name.startswith("commands"):
            assert not within(ours(imported(source)), "services", "web", "store"), name


def test_entries_and_their_coverage_need_no_running_emulator() -> None:
    """So that recorded traffic can be judged and counted in the same way."""
    running = (
        *("journal.item", "journal.journal", "journal.packing", "coverage.live"),
        *(
            "journal.lasting",
            "journal.numbers",
            "journal.packs",
            "journal.writer",
            "journal.written",
            "coverage.lasting",
        ),
    )
    for name, source in sources():
        if name.startswith(("coverage", "journal.")) and name not in running:
            known = ours(imported(source))
            below = (
                "budgets contract coverage documents journal json_types masking moments output"
                " package_data plurals"
            )
            assert known == within(known, "__version__", *below.split()), name
            assert not within(known, *running), name


def test_only_the_composition_root_knows_the_list_of_services() -> None:
    users = {
        name for name, source in sources() if within(ours(imported(source)), "services.registry")
    }
    assert users == {"app"}


def test_only_clock_and_ids_read_the_time_or_make_up_values() -> None:
    for name, source in sources():
        if name in ("clock", "ids"):
            continue
        assert not within(imported(source), *CHANCE), name
        taken = {
            f"{node.module}.{alias.name}"
            for node in source.imports
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert not (source.attributes | taken) & ONLY_RUNTIME, name


def test_importing_the_package_stays_light() -> None:
    assert imported(Source.of(PACKAGE / "__init__.py")) == set()
