"""Real databases that table sources read, through SQLAlchemy. Nothing is ever written to them.

`database.py` connects, `table.py` reads one table, `kinds.py` knows the types of columns,
`values.py` makes JSON of what drivers return, `conditions.py` says filters in SQL. Importing this
package imports SQLAlchemy, so whoever does it does it within a function.
"""

from emulator.databases.conditions import Delta
from emulator.databases.database import Credentials, Database, DatabaseError, credentials_of
from emulator.databases.table import OpenTable, Wanted

__all__ = [
    "Credentials",
    "Database",
    "DatabaseError",
    "Delta",
    "OpenTable",
    "Wanted",
    "credentials_of",
]
