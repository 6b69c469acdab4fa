"""The way of a request: gate, judge, view, reply. The only part that knows Flask is `flask_app`."""

from emulator.web.call import Answer, Call, Part, Reply, Rest, operation

__all__ = ["Answer", "Call", "Part", "Reply", "Rest", "operation"]
