"""The views of the five operations on widgets."""

from __future__ import annotations

from emulator.web import Call, Reply, operation
from tests.extension.widgets.service import WIDGET, Widgets


@operation("widgets.list_widgets")
def list_widgets(service: Widgets, call: Call) -> Reply:
    return Reply(200, {"items": call.scope.all(WIDGET)})


@operation("widgets.create_widget")
def create_widget(service: Widgets, call: Call) -> Reply:
    return Reply(201, service.put(call.scope, call.scope.new_uuid(WIDGET), call.body))


@operation("widgets.get_widget")
def get_widget(service: Widgets, call: Call) -> Reply:
    return Reply(200, call.find(WIDGET, call.path["id"]))


@operation("widgets.replace_widget")
def replace_widget(service: Widgets, call: Call) -> Reply:
    return Reply(200, service.put(call.scope, call.path["id"], call.body))


@operation("widgets.delete_widget")
def delete_widget(service: Widgets, call: Call) -> Reply:
    service.remove(call.scope, call.path["id"])
    return Reply(204)
