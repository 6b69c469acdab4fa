"""The two steps of every run, as "Monitor dataflows" names them."""

from __future__ import annotations

from typing import NamedTuple


class Activity(NamedTuple):
    """A step of every run: its id, the id that documents of 2020-08 show, and its name."""

    id: str
    old_id: str
    name: str


COPY = Activity("4f008a00-3a04-11eb-adc1-0242ac120002", "copyActivity", "Copy Activity")
PROMOTION = Activity(
    "37b34f84-1ada-11eb-adc1-0242ac120002", "promotionActivity", "Promotion Activity"
)
ACTIVITIES = (COPY, PROMOTION)

EXPORT = "/data/foundation/export/batches"
"""Where Data Access has the manifests of a batch; shapes put the host in front."""
