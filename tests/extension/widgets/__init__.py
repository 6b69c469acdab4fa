"""Widgets: a service that the emulator does not know."""

from emulator.platform import Service
from tests.extension.widgets import routes
from tests.extension.widgets.service import DOCUMENTS, Widgets

SERVICE: Service[Widgets] = Service("widgets", Widgets, (routes,), DOCUMENTS)
