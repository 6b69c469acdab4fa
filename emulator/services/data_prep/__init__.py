"""Data Prep, which tutorials call Conversion Service: mapping sets from source fields to XDM."""

from emulator.platform import Service
from emulator.services import interfaces
from emulator.services.data_prep import facts, routes
from emulator.services.data_prep.documents import DOCUMENTS
from emulator.services.data_prep.service import DataPrep

SERVICE: Service[interfaces.DataPrep] = Service("data_prep", DataPrep, (routes, facts), DOCUMENTS)
