"""Catalog Service: the data sets of a sandbox."""

from emulator.platform import Service
from emulator.services.catalog import views
from emulator.services.catalog.service import Catalog

SERVICE = Service(name="catalog", views=views, build=Catalog)
