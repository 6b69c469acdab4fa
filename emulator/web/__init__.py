"""The way of a request: gate, judge, view, reply. The only part that knows Flask is `flask_app`."""

from emulator.web.call import Call, Incoming, Part, Reply, operation

__all__ = ["Call", "Incoming", "Part", "Reply", "operation"]
