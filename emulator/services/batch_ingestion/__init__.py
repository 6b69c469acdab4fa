"""Batch Ingestion: files are uploaded to a batch, and completing it brings them into a data set."""

from emulator.platform import Service
from emulator.services import interfaces
from emulator.services.batch_ingestion import facts, routes
from emulator.services.batch_ingestion.documents import DOCUMENTS
from emulator.services.batch_ingestion.service import BatchIngestion

SERVICE: Service[interfaces.BatchIngestion] = Service(
    "batch_ingestion", BatchIngestion, (facts, routes), DOCUMENTS
)
