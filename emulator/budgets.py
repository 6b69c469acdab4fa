"""What one call, file or emulator may cost at most, whatever comes in: every budget, in one place.

Budgets that somebody may have to raise are settings (`emulator/settings.py`); the others stand
here. `docs/explanation/security.md` lists both, with what happens beyond them; `make tables` writes
its table. The line below each budget says what it limits and, behind a semicolon, what happens
beyond it.
"""

from __future__ import annotations

KIB = 1024
MIB = 1024 * KIB

JOURNAL_BYTES = 32 * MIB
"""What the journal keeps of calls, in bytes that it really holds; the oldest calls go."""

JOURNAL_BODY_BYTES = MIB
"""The body of a request that the journal keeps whole; of a longer one the beginning is kept."""

JOURNAL_EXCERPT_BYTES = 64 * KIB
"""What the journal keeps of a response, a file or a long body; the rest is left out."""

JOURNAL_FRESH_BYTES = 16 * KIB
"""The messages of a call that wait to be counted; larger ones are counted and packed at once."""

JOURNAL_PAGE_BYTES = 8 * MIB
"""A page of journaled calls; it ends early, and `nextCursor` leads on."""

REMARKED_CALLS_BYTES = 8 * MIB
"""Calls with findings that a test's fixture keeps; of the oldest ones their rules are counted."""

MAX_FINDINGS = 200
"""Findings that the journal keeps of one call; of further ones the first of each rule stays."""

MAX_TESTS = 10_000
"""Tests that coverage tells apart; the calls of further ones count for `(others)`."""

MAX_TEST_NAME = 256
"""Characters of a test's name that coverage keeps; tests that differ behind them are one."""

MAX_TALLIES = 20_000
"""Counters that coverage keeps, for each test, edition and operation; `(others)` has the rest."""

MAX_BROKEN_RULES = 20_000
"""Broken rules, for each test, edition and operation, that coverage tells apart; `(others)` has \
the rest."""

MAX_PLACES = 2000
"""Methods and paths that coverage tells apart, for each test, of requests that belong to no \
operation; `(others)` has the rest."""

MAX_DRIFT = 1000
"""Ways in which responses differ from the documents that are told apart; further ones are one."""

MAX_EXAMPLE_BYTES = 32 * KIB
"""One call that coverage keeps as an example; longer bodies are cut."""

COVERAGE_EXAMPLES_BYTES = 4 * MIB
"""All calls that coverage keeps as examples; there are no further ones."""

BODY_VALUES = 250_000
"""Values in a JSON body, those within others included; the request is refused."""

HEAD_BYTES = 64 * KIB
"""Target and headers of a request, each; refused with 414 or 431, and the connection closed."""

MAX_HEADERS = 200
"""Headers of a request; refused with 431, and the connection closed."""

HEAD_SECONDS = 30
"""Time for the head of a request, from its first byte; refused with 408."""

MAX_COUNTED_RUNS = 10_000
"""Flow runs whose states one call of `/_emulator/metrics` looks at; older ones are others."""

HANDSHAKE_SECONDS = 10
"""Time for a client of HTTPS to agree on a key; the connection is closed."""

BODY_SECONDS = 30
"""Time for the body of a request, beside that of the rate below; refused with 408."""

MIN_BODY_RATE = 4096
"""Bytes of a body that give it another second; refused with 408."""

SEND_SECONDS = 60
"""Time in which a client reads nothing of what was sent to it; the connection is reset."""

IDLE_SECONDS = 300
"""Time between two requests of a connection, longer than clients keep them; it is closed."""

MAX_CONNECTIONS = 500
"""Open connections; the one that has waited longest for its client is closed."""

MAX_PIPELINED = 256
"""Requests of one connection that wait for their answers; refused with 429."""

BODIES_BYTES = 128 * MIB
"""Bodies of requests that are not answered yet, over all connections; one is read on, the rest \
wait, and a proxy forwards what it does not judge."""

ANSWERS_BYTES = 128 * MIB
"""What clients have not read yet of long answers, over all connections; other requests wait, and \
whoever reads nothing for a second is cut off."""

MAX_UNJUDGED = 1000
"""Exchanges of a proxy that wait to be judged; their clients wait too."""

LIST_INDEXES = 8
"""How many members of documents lists find by an index; the indexes are made anew."""

LIST_PARTS_BYTES = 64 * MIB
"""What is kept of the members that lists have filtered and ordered by; all of it is read again."""

SCHEMA_FIELDS = 20_000
"""Fields of a resolved schema, each wherever it stands; the schema is neither kept nor resolved."""

SCHEMA_BYTES = 16 * MIB
"""A resolved schema, written out; the schema is neither kept nor resolved."""

SCHEMA_LEVELS = 64
"""Levels of a resolved schema's fields; the schema is neither kept nor resolved."""

SCHEMA_STEPS = 1_000_000
"""Fields that are merged to resolve a schema; the schema is neither kept nor resolved."""

RESOLVED_FIELDS = 100_000
"""Fields of all resolved schemas that are kept for the next call; the oldest go."""

CONFORMED_FIELDS = 50_000
"""Fields of all schemas for which the conversion of rows is kept; all are compiled anew."""

LIST_FIELDS = 100_000
"""Fields of resolved schemas in one list; the page ends before, and says where the next begins."""

PATCH_INSTRUCTIONS = 5_000
"""Instructions of one JSON Patch; the request is refused."""

PATCH_BYTES = 16 * MIB
"""What the instructions of one JSON Patch move within a resource; the request is refused."""

PATCH_LEVELS = 200
"""Levels of arrays and objects that JSON Patches give a resource; the request is refused."""

LARGE_BODY_BYTES = 256 * KIB
"""A body that is judged on the serving thread; larger ones are judged beside it, one by one."""

MAX_WORKERS = 4
"""Calls that take long and are worked on at the same time; further ones wait."""

MAX_BACKGROUND_SANDBOXES = 2
"""Sandboxes whose due runs are carried out at the same time in the background; others wait."""

EXPLAINED_BYTES = 64 * KIB
"""A value of which every fault is told; of a larger one the first of each rule is."""

OWN_SCHEMA_VALUES = 10_000
"""Values of a JSON Schema in a spec, its references written out; the spec is refused."""

FIT_STEPS = 50_000_000
"""Bytes of parameters times values of the schema that they have to fit; the request is refused."""

KEPT_SCHEMA_BYTES = 64 * KIB
"""A JSON Schema of a spec that is kept compiled; a larger one is compiled for each request."""

BACKTRACK_STEPS = 10_000
"""Steps back of a regular expression in a spec's schema; the value does not match."""

REPLY_VALUES = 1_000_000
"""Values in a recorded reply, those within others included; what it says is not judged."""

RECORDED_CALL_BYTES = 64 * MIB
"""One call of a recording, or a file that is read whole; the recording cannot be read."""

ROW_ERRORS = 100
"""Errors of one row that diagnostics show; they show the first ones."""

ROW_CAUSES = 50
"""Causes of rows that failed or came with warnings that an explained run tells apart; the rest \
counts as one."""

CAUSE_ROWS = 5
"""Rows of each such cause that are named; the others are counted."""

EXPLAINED_FILES = 100
"""Files that an explained run names; the others are counted."""

WARNED_ROWS = 10_000
"""Rows with failed mappings that the diagnostics of a batch show; they show the first ones."""

STATE_VALUES = 2_000_000
"""Values in a state file, those within others included; the state is not loaded."""

FILE_ROWS = 5_000_000
"""Rows of one file; the batch or the run fails."""

FILE_COLUMNS = 10_000
"""Columns of one file, those within others included; the batch or the run fails."""

ROW_BYTES = 4 * MIB
"""One row of a file, as text; the row is corrupt."""

ROW_VALUES = 250_000
"""Values in one row of a file, those within others included; the row is corrupt."""

TABLE_CONNECT_SECONDS = 10
"""Seconds in which a real database has to take a connection; the run fails or the call is \
refused."""

TABLE_STATEMENT_SECONDS = 60
"""Seconds for which a real database may be waited for at a time; the run fails or the call is \
refused."""

PREVIEW_BYTES = 8 * MIB
"""The rows of one preview, as JSON; fewer rows are shown."""

ARCHIVE_FILES = 10_000
"""Files in one archive, or streams in one compressed file; the file cannot be read."""

ARCHIVE_HEADER_BYTES = MIB
"""The directory of an archive, or the headers of one file in it; the file cannot be read."""

COMPRESSED_PARQUET_BYTES = 64 * MIB
"""A Parquet file that was compressed as a whole, unpacked; the file cannot be read."""

PARQUET_FOOTER_BYTES = 8 * MIB
"""The footer of a Parquet file; the file cannot be read."""

PARQUET_PAGES = 200_000
"""Pages of one Parquet file; the file cannot be read."""

PARQUET_BYTES = 192 * MIB
"""What pages of a Parquet file decode to that are read at once; the file cannot be read."""

LARGE_PARQUET_BYTES = 96 * MIB
"""What a Parquet file decodes to while others are decoded; larger ones wait for each other."""

TURN_SECONDS = 30
"""Time that a large Parquet file waits for another one; then it is read all the same."""

PART_BYTES = 8 * MIB
"""Rows of a data set in memory, as JSON; they are written as a part of its file."""

PART_CELLS = 2_000_000
"""Rows times columns of one part of a data set file; the next rows make a further part."""

PATTERN_CHARACTERS = 10_000
"""A regular expression of a filter or of a schema's field; it counts as not supported."""

PATTERN_BYTES = 100 * KIB
"""A regular expression, compiled, that is looked for in long texts; in short ones at most."""

LARGE_PATTERN_BYTES = MIB
"""A regular expression, compiled, that is looked for in short texts; it counts as not supported."""

SEARCHED_CHARACTERS = 100_000
"""A text in which a regular expression is looked for; it does not match."""

SHORT_TEXT_CHARACTERS = 1_000
"""A text in which a large regular expression is looked for; it does not match."""

STORAGE_FILES = 20_000
"""Files of a storage that one call lists; the run fails, and exploring is refused."""

STORAGE_LEVELS = 32
"""Levels of folders in a storage; the run fails, and exploring is refused."""

CONNECT_SECONDS = 5
"""Time in which a storage has to let us in; the run fails, and exploring is refused."""

READ_SECONDS = 15
"""Time in which a storage has to answer a call of its driver; the same."""

STORAGE_SECONDS = 20
"""Time of one step of a storage, such as a listing or the next piece of a file; the same."""

KEPT_DRIVERS = 16
"""Drivers of storages that are kept for the next call; another one is made anew."""

BLOCK_LIST_BYTES = 8 * MIB
"""The list of a blob's blocks in the landing zone; refused with 413."""

COMPARED_NAMES = 200
"""Members that no document has, compared with those that are near; the rest is passed over."""

SAMPLE_BYTES = 16 * MIB
"""Sample data of a schema; its arrays get one item each, and its texts are cut."""

RECORDING_DEPTH = 200
"""Levels of arrays and objects in recorded traffic; the recording is refused there."""

LISTED_AT_ONCE = 5_000
"""Documents of a kind that are listed on the serving thread; longer lists are made beside it."""
