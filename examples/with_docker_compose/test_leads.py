"""The client's tests in one container, the emulator in another."""

from __future__ import annotations

import os
import unittest

import requests
from leads import LeadsClient

URL = os.environ.get("AEP_URL", "http://127.0.0.1:8080")


class LeadsTest(unittest.TestCase):
    def setUp(self) -> None:
        requests.post(f"{URL}/_emulator/reset", timeout=30).raise_for_status()
        self.client = LeadsClient(platform=URL, ims=URL)

    def test_a_flow_is_set_up(self) -> None:
        flow = self.client.set_up("Leads")
        (found,) = self.client.call("GET", f"/data/foundation/flowservice/flows/{flow}")["items"]
        self.assertEqual(found["name"], "Leads flow")

    def test_a_flow_is_renamed(self) -> None:
        flow = self.client.set_up("Leads")
        self.client.rename_flow(flow, "Better leads")
        (found,) = self.client.call("GET", f"/data/foundation/flowservice/flows/{flow}")["items"]
        self.assertEqual(found["name"], "Better leads")
