"""The page in a browser: what goes on in an emulator, and what is there.

It is a client of the control API, asked within the process, and reads resources from the store.
Nothing of it is imported before somebody opens it.
"""
