"""Dataset Service: the usage labels of data sets."""

from emulator.platform import Service
from emulator.services import interfaces
from emulator.services.dataset_service import routes
from emulator.services.dataset_service.documents import DOCUMENTS
from emulator.services.dataset_service.service import DatasetService

SERVICE: Service[interfaces.DatasetService] = Service(
    "dataset_service", lambda platform: DatasetService(), (routes,), DOCUMENTS
)
