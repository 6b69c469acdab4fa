"""Adobe's identity service (IMS), as far as an integration needs it: access tokens."""

from emulator.platform import Service
from emulator.services import interfaces
from emulator.services.ims import facts, routes
from emulator.services.ims.service import Ims

SERVICE: Service[interfaces.Ims] = Service("ims", Ims, (facts, routes))
