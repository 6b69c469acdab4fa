"""Nothing that a document lists is forgotten: it is emulated, or says precisely why it is not.

`documented_operations.json` has the calls of every endpoint table of the documents, as they print
them: with their odd spellings, trailing slashes and query strings.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from emulator.services.registry import SERVICES
from emulator.web.call import views_of
from emulator.web.routing import Route, Router
from tests.emulators import shipped_contract

CONTRACT = shipped_contract()
ROUTER = Router(CONTRACT)
LISTED = json.loads(Path(__file__).with_name("documented_operations.json").read_text("utf-8"))
CALLS = [(service, call) for service, calls in LISTED.items() for call in calls]
EMPTY_WORDS = re.compile(r"\b(planned|todo|later|soon|yet|see the readme)\b", re.IGNORECASE)


def led_to(service: str, target: str, method: str) -> Route:
    """Return where a listed call leads, with something in place of its parameters."""
    path = re.sub(r"\{\w+\}", "x1", target.partition("?")[0])
    return ROUTER.find(method, CONTRACT.services[service].base_path + path)


@pytest.mark.parametrize(("service", "call"), CALLS)
def test_a_documented_call_leads_to_an_operation(service: str, call: str) -> None:
    method, _, target = call.partition(" ")
    route = led_to(service, target, method)
    assert route.operation is not None
    assert route.operation.service == service
    sent = {pair.partition("=")[0] for pair in target.partition("?")[2].split("&")} - {""}
    assert sent <= set(route.operation.query)


def test_every_operation_is_in_the_list() -> None:
    """So that the list stays the whole of what is documented."""
    found = set()
    for service, call in CALLS:
        method, _, target = call.partition(" ")
        operation = led_to(service, target, method).operation
        found |= {operation.id} if operation else set()
    assert found == set(CONTRACT.operations)


def test_what_is_emulated_has_a_view_and_the_rest_a_reason() -> None:
    seen = {
        id for service in SERVICES for module in service.modules for id, _ in views_of(module, None)
    }
    for operation in CONTRACT.operations.values():
        assert operation.emulated == (operation.id in seen), operation.id
        if operation.emulated:
            assert not operation.reason, operation.id
        else:
            assert len(operation.reason) > 40, operation.id
            assert not EMPTY_WORDS.search(operation.reason), (operation.id, operation.reason)
