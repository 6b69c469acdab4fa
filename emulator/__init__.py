"""aep-emulator: a local emulator and contract tester of the Adobe Experience Platform APIs.

Importing this package stays light: nothing of the emulator is built or read here.
"""

__version__ = "0.1.0"
