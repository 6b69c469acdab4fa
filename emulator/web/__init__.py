"""The way of a request: gate, judge, view, reply. The only part that knows Flask is `flask_app`."""

from emulator.web.call import Call, Part, Reply, operation

__all__ = ["Call", "Part", "Reply", "operation"]
