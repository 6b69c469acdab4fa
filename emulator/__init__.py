"""The implementation of aep-emulator; its public names are those of the package `aep_emulator`.

Everything else in here is private: it may change in any release, without a note.
Importing this package stays light: nothing of the emulator is built or read here.
"""

__version__ = "0.1.0"
