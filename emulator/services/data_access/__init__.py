"""Data Access: the files of batches, what failed, and the first rows of data sets."""

from emulator.platform import Service
from emulator.services import interfaces
from emulator.services.data_access import facts, routes
from emulator.services.data_access.service import DataAccess

SERVICE: Service[interfaces.DataAccess] = Service("data_access", DataAccess, (facts, routes))
