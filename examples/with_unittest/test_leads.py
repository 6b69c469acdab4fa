"""The client's tests with unittest only: the emulator is an attribute of the test."""

from __future__ import annotations

import unittest

from leads import LeadsClient

from aep_emulator.testing import Aep


class LeadsTest(unittest.TestCase):
    def setUp(self) -> None:
        self.aep = self.enterContext(Aep())
        self.client = LeadsClient(platform=self.aep.url, ims=self.aep.url)

    def test_a_flow_is_set_up(self) -> None:
        self.client.set_up("Leads")
        self.aep.assert_called("flow_service.create_flow", times=1)
        self.aep.assert_no_violations()

    def test_a_sandbox_is_empty_at_first(self) -> None:
        found = self.client.call("GET", "/data/foundation/flowservice/flows")
        self.assertEqual(found["items"], [])


if __name__ == "__main__":
    unittest.main()
