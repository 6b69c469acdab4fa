"""Who may import whom, and who may read the clock; read from the source with `ast`."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "emulator"
MODULES = sorted(PACKAGE.rglob("*.py"))
SERVICES = sorted(path.name for path in (PACKAGE / "services").iterdir() if path.is_dir())
THIRD_PARTY = {
    "faker": {"ids"},
    "flask": {"web.flask_app", "app", "admin", "services.connectors.landing_zone_routes"},
    "httptools": set[str](),
    "ijson": {"traffic"},
    "jinja2": {"templates"},
    "jsonpatch": {"json_patch"},
    "jsonschema": {"contract.second_opinion"},
    "lark": {"mapping.parser", "mapping.builder"},
    "pyarrow": {"data_plane.parquet"},
    "pydantic": {"contract.checkup", "faults", "fixtures.checkup", "seeding", "state"},
    "uvicorn": {"serving"},
    "werkzeug": {"web.flask_app", "web.routing"},
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


def name_of(path: Path) -> str:
    """`services.ims.service` of emulator/services/ims/service.py; packages by their own name."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def trees() -> list[tuple[str, ast.Module]]:
    return [(name_of(path), ast.parse(path.read_text(encoding="utf-8"))) for path in MODULES]


@cache
def imported(tree: ast.Module, *, for_types: bool = False) -> set[str]:
    """All modules that a module imports, anywhere; without those under TYPE_CHECKING."""
    skipped: set[int] = set()
    if not for_types:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                skipped.update(id(inner) for part in node.body for inner in ast.walk(part))
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def ours(names: set[str]) -> set[str]:
    return {name.removeprefix("emulator.") for name in names if name.startswith("emulator.")}


def within(names: set[str], *parts: str) -> set[str]:
    """Those names that are one of the parts or below it."""
    return {name for name in names if any(f"{name}.".startswith(f"{part}.") for part in parts)}


@pytest.mark.parametrize("library", THIRD_PARTY)
def test_a_library_is_known_to_few(library: str) -> None:
    users = {name for name, tree in trees() if within(imported(tree), library)}
    assert users == within(users, *THIRD_PARTY[library])


def test_flask_is_known_to_the_web_and_the_control_api_alone() -> None:
    for name, tree in trees():
        if within(imported(tree, for_types=True), "flask"):
            known = ("web.flask_app", "app", "services.connectors.landing_zone_routes")
            assert name in known or name.startswith("admin."), name


def test_the_contract_knows_neither_store_nor_services_nor_web() -> None:
    for name, tree in trees():
        if name.startswith("contract"):
            assert not within(ours(imported(tree)), "store", "services", "web", "app"), name


def test_the_exports_know_the_contract_alone() -> None:
    for name, tree in trees():
        if name.startswith("export"):
            known = ours(imported(tree))
            assert known == within(known, "export", "contract", "json_types", "templates"), name


def test_the_store_knows_only_sandboxes_and_json() -> None:
    for name, tree in trees():
        if name.startswith("store"):
            known = ours(imported(tree))
            assert known == within(known, "store", "sandbox", "json_types"), name


def test_foundations_know_nothing_of_what_stands_on_them() -> None:
    for name, tree in trees():
        if name in ("json_types", "package_data", "problem", "sandbox", "settings"):
            assert ours(imported(tree)) <= {"json_types"}, name
        if name in ("clock", "ids"):
            assert within(ours(imported(tree)), "sandbox") == ours(imported(tree)), name


def test_the_mapping_language_is_pure_and_waited_for() -> None:
    """It knows no HTTP, store or service; whoever uses it imports it within a function."""
    for name, tree in trees():
        if name.startswith("mapping"):
            known = ours(imported(tree))
            assert known == within(known, "mapping", "json_types", "clock"), name
        else:
            top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
            at_once = ours(imported(ast.Module(list(top), [])))
            assert not within(at_once, "mapping"), name


def test_the_data_plane_knows_neither_http_nor_a_single_service() -> None:
    for name, tree in trees():
        if name.startswith("data_plane"):
            known = ours(imported(tree))
            assert not within(known, "web", "contract.judge", "admin", "app"), name
            assert not within(known, "services"), name


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_knows_no_other_service(service: str) -> None:
    allowed = (f"services.{service}",)
    for name, tree in trees():
        if name.startswith(f"services.{service}"):
            known = within(ours(imported(tree)), "services")
            assert known <= within(known, *allowed) | {"services"}, name


def test_a_domain_knows_neither_http_nor_the_judge() -> None:
    for name, tree in trees():
        parts = name.split(".")
        is_web = parts[-1].endswith(("routes", "shapes"))
        if parts[0] == "services" and not is_web and len(parts) > 2:
            assert not within(ours(imported(tree)), "web", "contract.judge", "app", "admin"), name


def test_the_web_knows_no_single_service() -> None:
    for name, tree in trees():
        if name.startswith("web"):
            assert not within(ours(imported(tree)), "services"), name


def test_recorded_traffic_is_judged_without_services() -> None:
    """It borrows a platform for what every sandbox has, and never calls a view."""
    for name, tree in trees():
        if name.startswith("traffic"):
            known = within(ours(imported(tree)), "services", "web")
            allowed = (
                "web.call",
                "web.limits",
                "web.request_document",
                "web.routing",
            )
            assert known == within(known, *allowed), name


def test_commands_reach_services_only_through_the_application() -> None:
    for name, tree in trees():
        if name == "cli" or name.startswith("commands"):
            assert not within(ours(imported(tree)), "services", "web", "store"), name


def test_entries_and_their_coverage_need_no_running_emulator() -> None:
    """So that recorded traffic can be judged and counted in the same way."""
    running = ("journal.journal", "journal.kept")
    for name, tree in trees():
        if name.startswith(("coverage", "journal.")) and name not in running:
            known = ours(imported(tree))
            below = ("__version__", "contract", "coverage", "journal", "json_types")
            assert known == within(known, *below), name
            assert not within(known, *running), name


def test_only_the_composition_root_knows_the_list_of_services() -> None:
    users = {name for name, tree in trees() if within(ours(imported(tree)), "services.registry")}
    assert users == {"app"}


def test_only_clock_and_ids_read_the_time_or_make_up_values() -> None:
    for name, tree in trees():
        if name in ("clock", "ids"):
            continue
        assert not within(imported(tree), *CHANCE), name
        used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        taken = {
            f"{node.module}.{alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        assert not (used | taken) & ONLY_RUNTIME, name


def test_nothing_that_serves_knows_the_doors_for_tests() -> None:
    doors = ("testing",)
    for name, tree in trees():
        if not within({name}, *doors):
            assert not within(ours(imported(tree)), *doors), name


def test_importing_the_package_stays_light() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    assert imported(tree) == set()
