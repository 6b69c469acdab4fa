"""A request that cannot be carried out, named by an entry of an error catalogue.

Statuses, texts and envelopes are data in `contracts/*/errors.json`; raising code knows only the id.
"""

from __future__ import annotations


class Problem(Exception):
    """Refuse the request with the catalogue entry `id`, filled with `values`.

    Args:
        id: Entry of the error catalogue, such as `flow_service.not_found`.
        rule: Id of the rule that refused, when a rule did.
        values: What the entry's text template asks for.
    """

    def __init__(self, id: str, /, *, rule: str | None = None, **values: object) -> None:
        super().__init__(id)
        self.id = id
        self.rule = rule
        self.values = values
