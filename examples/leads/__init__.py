"""A small client of Adobe Experience Platform, as a team would write one: it loads leads.

`careful` keeps to the documents, `careless` does the same journey with the usual mistakes.
Neither knows that an emulator exists: both are given the addresses that they call.
"""

from leads.careful import LeadsClient, PlatformError
from leads.careless import CarelessClient

__all__ = ["CarelessClient", "LeadsClient", "PlatformError"]
