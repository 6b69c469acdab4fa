"""Tests that are coroutines: `aep_async` with whatever runs them, in runs of their own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from emulator.testing import Aep
from emulator.testing.async_aep import AsyncAep
from emulator.testing.mock import mock_aep
from tests.bodies import FLOW_SERVICE, HEADERS, base_connection
from tests.doors.pytest_runs import run_pytest

CONNECTIONS = f"{FLOW_SERVICE}/connections"

TESTS = """
import asyncio
import aiohttp, httpx, pytest
from tests.bodies import base_connection

pytestmark = pytest.mark.MARK
CONNECTIONS = "/data/foundation/flowservice/connections"
HOST = "https://platform.adobe.io"


async def test_a_session(aep_async):
    made = await aep_async.session.post(CONNECTIONS, json=base_connection())
    assert made.status_code == 201
    listed = await aep_async.ok("GET", CONNECTIONS)
    assert len(listed["items"]) == 1
    aep_async.aep.assert_called("flow_service.create_connection", times=1)

async def test_one_emulator_for_all(aep, aep_async, mock_aep):
    assert aep_async.aep is aep is mock_aep
    async with httpx.AsyncClient(headers=aep_async.headers) as client:
        assert (await client.get(HOST + CONNECTIONS)).status_code == 200
    assert len(aep.journal) == 1

async def test_a_violation(aep_async):
    refused = await aep_async.call("GET", CONNECTIONS, without=("x-gw-ims-org-id",))
    assert refused.status == 400
"""
AIOHTTP = """
async def test_by_aiohttp(aep_async):
    async with aiohttp.ClientSession(aep_async.url, headers=aep_async.headers) as session:
        replies = await asyncio.gather(*(session.get(CONNECTIONS) for _ in range(3)))
        assert [reply.status for reply in replies] == [200] * 3
    assert [entry.number for entry in aep_async.aep.journal] == [1, 2, 3]
"""


@pytest.mark.parametrize(
    ("mark", "plugin"), [("asyncio", "pytest_asyncio.plugin"), ("anyio", "anyio.pytest_plugin")]
)
def test_it_works_with_each_plugin(tmp_path: Path, mark: str, plugin: str) -> None:
    pytest.importorskip(plugin)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nasyncio_default_fixture_loop_scope = function\naep_fail_on = violations\n"
        if mark == "asyncio"
        else "[pytest]\naep_fail_on = violations\n",
        "utf-8",
    )
    backend = '@pytest.fixture\ndef anyio_backend():\n    return "asyncio"\n'
    found = run_pytest(
        tmp_path,
        *("-p", plugin),
        conftest=f"import pytest\n\n{backend}",
        test_it=TESTS.replace("MARK", mark) + AIOHTTP,
    )
    assert found.results.pop("test_a_violation") == "failure", found.output
    assert set(found.results.values()) == {"passed"}, found.output
    assert len(found.results) == 3


def test_without_a_plugin() -> None:
    async def play() -> None:
        async with Aep() as aep:
            made = AsyncAep(aep)
            assert (made.url, made.headers) == (aep.url, aep.headers)
            assert made.token_url == aep.token_url
            await made.ok("POST", CONNECTIONS, base_connection())
            with pytest.raises(AssertionError, match="was answered 400"):
                await made.ok("POST", CONNECTIONS, {})
        with pytest.raises(RuntimeError, match="not started"):
            aep.journal  # noqa: B018 - it raises

    asyncio.run(play())


def test_mock_aep_is_an_asynchronous_context_manager_too() -> None:
    import httpx

    async def play() -> None:
        async with mock_aep() as aep:
            async with httpx.AsyncClient(headers=HEADERS) as client:
                url = f"https://platform.adobe.io{CONNECTIONS}"
                assert (await client.get(url)).status_code == 200
            aep.assert_called("flow_service.list_connections")

    asyncio.run(play())
