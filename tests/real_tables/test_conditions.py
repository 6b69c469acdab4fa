"""Row filters and delta columns said in SQL: what comes is what our own filter keeps, and little
more is read."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from emulator.data_plane.delta import DeltaColumn, Selection
from emulator.databases import Delta, OpenTable, Wanted
from emulator.databases.comparisons import NEGATED
from emulator.databases.conditions import Conditions
from emulator.databases.kinds import column_of
from emulator.filters.pql import RowFilter, parse_row_filter
from emulator.json_types import Json, JsonObject
from tests.data_plane.test_row_filter import apply, condition, field, literal, pql
from tests.properties.effort import IS_LONG
from tests.real_tables.made import Made, statements

ROWS, FILTERS = (300, 400) if IS_LONG else (90, 120)

TABLE = sa.Table(
    "all types",
    sa.MetaData(),
    sa.Column("Id", sa.Integer),
    sa.Column("big", sa.BigInteger),
    sa.Column("price", sa.Numeric(30, 10)),
    sa.Column("count", sa.Numeric(20, 0)),
    sa.Column("share", sa.Double),
    sa.Column("short", sa.REAL),
    sa.Column("is", sa.Boolean),
    sa.Column("text", sa.Text),
    sa.Column("filled", sa.CHAR(6)),
    sa.Column("day", sa.Date),
    sa.Column("at", sa.DateTime),
    sa.Column("zoned", sa.DateTime(timezone=True)),
    sa.Column("bytes", sa.LargeBinary),
)

TEXTS = [
    *(
        "DDN",
        "ddn",
        "MUM",
        "",
        " ",
        "a",
        "A",
        "Z",
        "b",
        "é",
        "e\u0301",
        "Übung",
        "ß",
        "日本",
        "🎉",
        "\uffff",
    ),
    *("true", "FALSE", "1", "1.0", "007", "-5", "1e3", "inf", "NaN", "2020-09-13", "2020-02-30"),
    *("2020-09-13T12:00:00Z", "2020-09-13 12:00:00+02:00", "2020-09-13T12:00:00z", "24:00"),
    *("a%b", "a_b", "axb", "a\\b", "a*b", "a?b", "[a]", "a\nb", "!a", "x" * 1500, "DDN "),
]
NUMBERS: list[Any] = [
    *(0, 1, -1, 7, 2.5, -2.5, 0.1, 1e-9, 24.9999999999, 2**31 - 1, 2**31, 2**53, 2**53 + 1),
    *(2**63 - 1, -(2**63), 12345678901234567, 1e18, 1e300, -0.0, 0.30000000000000004, 100),
]
NOON = datetime.fromisoformat("2020-09-13T12:00:00")
MOMENTS = [
    *(NOON, NOON + timedelta(microseconds=400), NOON + timedelta(microseconds=600)),
    *(
        NOON + timedelta(milliseconds=1),
        NOON.replace(hour=0),
        datetime.fromisoformat("1969-12-31T23:59:59"),
    ),
    *map(datetime.fromisoformat, ("0001-01-01", "9999-12-31T23:59:59.999999", "2020-02-29")),
]
ZONES = (UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8)))


def random_row(chance: random.Random) -> dict[str, Any]:
    """A row with values that are near to those that filters compare with."""

    def whole(bits: int) -> int:
        fitting = [n for n in NUMBERS if n == int(n) and -(2**bits) <= n < 2**bits]
        return int(chance.choice(fitting))

    moment = chance.choice(MOMENTS)
    zoned = moment.replace(tzinfo=UTC)
    if 1 < moment.year < 9999:
        zoned = zoned.astimezone(chance.choice(ZONES))
    number = chance.choice([n for n in NUMBERS if abs(n) < 1e19])
    row = {
        "Id": whole(31),
        "big": whole(63),
        "price": Decimal(f"{number:.10f}"),
        "count": Decimal(whole(63)) * chance.choice((1, 1, 5)),
        "share": float(chance.choice(NUMBERS)),
        "short": float(chance.choice([0.1, 0.5, 2.5, 7, -1])),
        "is": chance.random() < 0.5,
        "text": chance.choice(TEXTS),
        "filled": chance.choice(("DDN", "ddn", "", "1")),
        "day": moment.date(),
        "at": moment,
        "zoned": zoned,
        "bytes": chance.choice((b"", b"\x00\xff", b"123", b"abc")),
    }
    return {name: None if chance.random() < 0.12 else value for name, value in row.items()}


def fill(made: Made, chance: random.Random) -> None:
    rows = [random_row(chance) for _ in range(ROWS)]
    if made.is_sqlite:  # it keeps whatever it is given
        columns = ", ".join(map(_declared, TABLE.columns))
        made.run(f'CREATE TABLE "all types" ({columns})')
        with made.engine.begin() as connection:
            for row in rows:
                names = ", ".join(f'"{name}"' for name in row)
                values = tuple(_stored(chance, value) for value in row.values())
                marks = ", ".join("?" * len(row))
                insert = f'INSERT INTO "all types" ({names}) VALUES ({marks})'
                connection.exec_driver_sql(insert, values)
        return
    for row in rows:
        row["share"] = chance.choice((row["share"], float("nan"), float("inf")))
    made.create(TABLE, *rows)
    made.run(
        """INSERT INTO "all types" (day, at, zoned, price) VALUES
        ('infinity', 'infinity', '-infinity', 'NaN'), ('4000-01-01 BC', '12020-01-01', NULL, 0)"""
    )


def _declared(column: sa.Column[Any]) -> str:
    return f'"{column.name}" {column.type.compile(dialect=sa.create_engine("sqlite://").dialect)}'


def _stored(chance: random.Random, value: Any) -> Any:
    """A value as SQLite may have it: now and then it is not of the column's type at all."""
    if chance.random() < 0.05:
        return chance.choice([*TEXTS, 0, 1, 5, 2.5, b"123", b"\xff", float("inf"), "nul\0byte"])
    match value:
        case Decimal():
            return float(value) if value % 1 else int(value) if abs(value) < 2**63 else float(value)
        case datetime():
            form = chance.choice(("T", " "))
            text = value.isoformat(form)
            return text + "Z" if value.tzinfo is None and chance.random() < 0.3 else text
        case date():
            return value.isoformat()
    return value


def random_literal(chance: random.Random) -> Json:
    moment = chance.choice(MOMENTS)
    texts = [*TEXTS, moment.isoformat() + "Z", moment.isoformat(" "), moment.date().isoformat()]
    some = [chance.choice(texts), chance.choice(texts), chance.choice(NUMBERS), True, False, None]
    number = chance.choice(NUMBERS)
    return chance.choice([*some, number, str(number), "2020-09-13T17:30:00+05:30"])


def random_node(chance: random.Random, depth: int = 0) -> JsonObject:
    if depth < 3 and chance.random() < 0.4:
        inner = [random_node(chance, depth + 1) for _ in range(chance.randint(1, 3))]
        name = chance.choice(("and", "or", "not", "NOT"))
        return apply(name, *(inner[:1] if name.lower() == "not" else inner))
    column = field(chance.choice([c.name for c in TABLE.columns] + ["TEXT", "id"]))
    name = chance.choice(
        ["=", "=", "==", "!=", "<", "<=", ">", ">=", "like", "in", "between", "isNull"]
    )
    match name:
        case "like":
            pattern = chance.choice(
                ("D%", "%b", "a_b", "a\\%b", "%", "_", "a\\", "%a%", "[a]", "%\n%")
            )
            return apply(name, column, literal(pattern))
        case "in":
            some = [random_literal(chance) for _ in range(chance.randint(0, 4))]
            return apply(name, column, literal(some))
        case "between":
            return apply(name, column, *(literal(random_literal(chance)) for _ in range(2)))
        case "isNull":
            return apply(name, column)
    sides = [column, literal(random_literal(chance))]
    return apply(name, *(sides if chance.random() < 0.8 else reversed(sides)))


def all_rows(table: OpenTable) -> list[JsonObject]:
    return [row for row, _ in table.rows(Wanted())]


def read(table: OpenTable, filter: RowFilter) -> list[JsonObject]:
    return [row for row, _ in table.rows(Wanted(filter=filter))]


def in_order(rows: list[JsonObject]) -> list[str]:
    return sorted(map(repr, rows))


@pytest.mark.parametrize("seed", range(50 if IS_LONG else 1))
def test_a_filter_in_sql_keeps_what_our_own_keeps(made: Made, seed: int) -> None:
    chance = random.Random(seed)
    fill(made, chance)
    saved = 0
    with made.database.table("all types") as table:
        assert table is not None
        every = all_rows(table)
        assert len(every) >= ROWS
        for _ in range(FILTERS):
            node = random_node(chance)
            filter = parse_row_filter(pql(node))
            expected = [row for row in every if filter.keeps(row)]
            came = read(table, filter)
            kept = [row for row in came if filter.keeps(row)]
            assert in_order(kept) == in_order(expected), node
            saved += len(every) - len(came)
    assert saved > FILTERS * ROWS / 10


def random_delta(chance: random.Random, every: list[JsonObject]) -> Delta:
    """A delta column that has been read up to a value of a row, or whose flow has a window."""
    name = chance.choice([column.name for column in TABLE.columns])
    seen = [row[name] for row in every if row[name] is not None]
    start, end = sorted(
        chance.choice((0, 1_599_998_400_000, 1_599_998_400_001, 2**63)) for _ in "ab"
    )
    return Delta(name, chance.choice([None, *seen]), start, end)


@pytest.mark.parametrize("seed", range(50 if IS_LONG else 1))
def test_a_delta_column_in_sql_lets_through_what_is_new(made: Made, seed: int) -> None:
    chance = random.Random(1000 + seed)
    fill(made, chance)
    with made.database.table("all types") as table:
        assert table is not None
        every = all_rows(table)
        for _ in range(FILTERS):
            asked = random_delta(chance, every)
            column = DeltaColumn(asked.column, asked.beyond, Selection(asked.start, asked.end))
            limits = Delta(asked.column, *column.limits)
            came = [row for row, _ in table.rows(Wanted(delta=limits))]
            new = [
                [row for row in rows if column.is_new(row[asked.column])] for rows in (came, every)
            ]
            assert in_order(new[0]) == in_order(new[1]), asked


def test_a_text_that_is_too_long_for_a_pattern_does_not_match(made: Made) -> None:
    node = apply("not", condition("text", "like", "_" * 900 + "%"))
    made.create(TABLE, {"Id": 1, "text": "x" * 1500}, {"Id": 2, "text": "x" * 950})
    with made.database.table("all types") as table:
        assert table is not None
        filter = parse_row_filter(pql(node))
        assert [row["Id"] for row in read(table, filter) if filter.keeps(row)] == [1]


def test_the_order_of_a_column_is_not_that_of_its_collation(made: Made) -> None:
    """Letters without their case may be alike in the database; in a filter they are not."""
    collation = "NOCASE" if made.is_sqlite else "alike"
    if not made.is_sqlite:
        made.run(
            "CREATE COLLATION alike"
            " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
    made.run(f"CREATE TABLE words (word TEXT COLLATE {collation})")
    words = ("DDN", "ddn", "Ddn", "a", "A", "b", "Z", "É", "é", "ß", "ss", "e", "E", "D_n")
    rows = ", ".join(f"('{word}')" for word in words)
    made.run(f"INSERT INTO words VALUES {rows}")
    with made.database.table("words") as table:
        assert table is not None
        for word in words:
            nodes = [condition("word", name, word) for name in (*NEGATED, "like")]
            nodes.append(condition("word", "in", [word, "a"]))
            for node in (*nodes, *(apply("not", inner) for inner in nodes)):
                filter = parse_row_filter(pql(node))
                came = read(table, filter)
                kept = [row["word"] for row in came if filter.keeps(row)]
                assert sorted(kept) == sorted(w for w in words if filter.keeps({"word": w})), node


PLAIN = [
    condition("text", "=", "DDN"),
    condition("TEXT", "!=", "DDN"),
    condition("text", ">", "M"),
    condition("text", "in", ["DDN", "MUM", None]),
    condition("text", "like", "D%"),
    condition("Id", ">=", 7),
    condition("Id", "<", "2.5"),
    condition("big", "=", 2**53 + 1),
    condition("price", ">", 2.5),
    condition("count", "!=", 0),
    condition("share", "<=", 0.1),
    condition("is", "=", True),
    condition("day", ">", "2020-09-13"),
    condition("at", ">=", "2020-09-13T12:00:00Z"),
    condition("zoned", "<", "2020-09-13T17:30:00+05:30"),
    apply("between", field("big"), literal(0), literal(100)),
    apply("isNull", field("text")),
    apply("not", apply("isNull", field("at"))),
    apply("not", condition("big", ">", 0)),
    apply("or", condition("Id", "=", 0), condition("text", "=", "DDN")),
    apply("and", condition("Id", ">", 0), condition("bytes", "=", "YWJj")),
]
"""Filters that are said in SQL altogether, or in their greater part."""


def test_sql_is_asked_for_what_the_filter_keeps(made: Made) -> None:
    """Of a table without odd values nearly all that comes is kept."""
    chance = random.Random(7)
    made.create(TABLE, *(random_row(chance) for _ in range(ROWS)))
    with made.database.table("all types") as table:
        assert table is not None
        for node in PLAIN:
            filter = parse_row_filter(pql(node))
            with statements() as seen:
                came = read(table, filter)
            assert "WHERE" in seen[-1][0], node
            kept = sum(filter.keeps(row) for row in came)
            assert 0 < len(came) < ROWS, node
            assert node["fnName"] == "and" or kept >= 0.8 * len(came), node


@pytest.mark.parametrize(
    ("node", "is_said"),
    [
        (condition("bytes", "=", "YWJj"), False),
        (condition("text", "=", "007"), False),
        (condition("text", "=", "2020-09-13"), False),
        (condition("Id", "like", "2%"), False),
        (apply("=", field("Id"), field("big")), False),
        (apply("or", condition("Id", "=", 1), condition("bytes", "=", "YQ==")), False),
        (apply("or", *(condition("Id", "=", number) for number in range(400))), False),
        (condition("text", "like", "%a%b%c%d%e%"), False),
        (condition("text", "=", "nul\0byte"), False),
        (condition("Id", "=", None), True),
        (condition("Id", "=", 1), True),
    ],
)
def test_what_sql_cannot_say_in_the_same_way_is_not_said(
    made: Made, node: JsonObject, is_said: bool
) -> None:
    made.create(TABLE)
    with made.database.table("all types") as table, statements() as seen:
        assert table is not None
        read(table, parse_row_filter(pql(node)))
    assert ("WHERE" in seen[-1][0]) is is_said


@pytest.mark.parametrize("name", ["mysql", "mssql", "oracle"])
def test_other_databases_are_asked_what_all_of_them_say_alike(name: str) -> None:
    """Not what they answer, which takes a server; what SQLAlchemy would send them."""
    dialect: Any = sa.create_mock_engine(f"{name}://", lambda *_: None).dialect
    columns = [column_of(c.name, c.type, name) for c in TABLE.columns]
    table = sa.table(TABLE.name, *(sa.column(c.name) for c in columns))
    connection: Any = SimpleNamespace(dialect=dialect)
    said = []
    for node in PLAIN:
        filter = parse_row_filter(pql(node))
        for sql in Conditions(table, columns, connection).of(filter, None):
            said.append(node["fnName"])
            text = str(sa.select(table).where(sql).compile(dialect=dialect))
            assert not any(word in text for word in ("COLLATE", "GLOB", "LIKE", "typeof", "aep_"))
    assert len(said) >= 15
    assert "like" not in said
