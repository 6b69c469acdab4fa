"""Answered calls, and what they cover, in a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from emulator.store.calls import CallPack, PackedCall, pack, unpack
from emulator.store.database import Database
from emulator.store.processes import Processes
from emulator.store.tables import CALL_NUMBER, CALL_PACK, CALL_WRITER, COVERAGE

_P, _W, _V = CALL_PACK.c, CALL_WRITER.c, COVERAGE.c


class SqlCalls:
    """The calls of a database, as one of its processes sees them."""

    def __init__(self, database: Database, processes: Processes) -> None:
        """Keep calls in a database, which these processes share."""
        self._database = database
        self._processes = processes
        self._own = _W.process == processes.number
        processes.on_gone.append(self._forget)
        self._numbering = (
            database.insert(CALL_NUMBER)
            .values(one=1, last=sa.bindparam("many"))
            .on_conflict_do_update(
                index_elements=["one"], set_={"last": CALL_NUMBER.c.last + sa.bindparam("many")}
            )
            .returning(CALL_NUMBER.c.last)
        )

    def join(self) -> None:
        self._write(self._database.insert(CALL_WRITER).on_conflict_do_nothing(), self._writer(0))

    def leave(self) -> None:
        self._write(sa.delete(CALL_WRITER).where(self._own))

    def take_numbers(self, many: int) -> int:
        with self._database.writing() as connection:
            last: int = connection.execute(self._numbering, {"many": many}).scalar_one()
        return last - many + 1

    def give_back(self, numbers: range) -> None:
        is_last = CALL_NUMBER.c.last == numbers.stop - 1
        update = sa.update(CALL_NUMBER).where(is_last)
        self._write(update.values(last=numbers.start - 1))

    def write(self, batch: int, packs: Iterable[Sequence[PackedCall]], counted: bytes) -> None:
        rows = [_row(calls) for calls in packs]
        with self._database.whole() as connection:
            if not self._begin(connection, batch):
                return
            if rows:
                connection.execute(CALL_PACK.insert(), rows)
            if counted:
                connection.execute(COVERAGE.insert(), _part(counted))

    def _begin(self, connection: sa.Connection, batch: int) -> bool:
        """Remember a batch as written; tell whether it had not been before."""
        query = sa.select(_W.batch).where(self._own).with_for_update()
        found = connection.execute(query).scalar()
        if found is None:
            connection.execute(CALL_WRITER.insert(), self._writer(batch))
        elif found < batch:
            connection.execute(sa.update(CALL_WRITER).where(self._own).values(batch=batch))
        return found is None or found < batch

    def _writer(self, batch: int) -> dict[str, int]:
        return {"process": self._processes.number, "batch": batch, "asked": 0, "answered": 0}

    def ask(self) -> Mapping[int, int]:
        with self._database.connection() as connection:
            others = connection.execute(sa.select(_W.process).where(~self._own)).scalars().all()
        asked: dict[int, int] = {}
        for process in others:
            # One by one, so that two who ask do not wait for each other in a circle.
            update = sa.update(CALL_WRITER).where(_W.process == process).values(asked=_W.asked + 1)
            with self._database.writing() as connection:
                row = connection.execute(update.returning(_W.asked)).first()
            if row is not None:
                asked[process] = row.asked
        return asked

    def unanswered(self, asked: Mapping[int, int]) -> bool:
        if not asked:
            return False
        with self._database.connection() as connection:
            rows = connection.execute(sa.select(_W.process, _W.answered)).all()
        late = {row.process for row in rows if row.answered < asked.get(row.process, 0)}
        gone = late - self._processes.living() if late else late
        if gone:
            self._forget(gone)
        return bool(late - gone)

    def _forget(self, processes: frozenset[int] | set[int]) -> None:
        """Ask processes nothing more."""
        self._write(sa.delete(CALL_WRITER).where(_W.process.in_(processes)))

    def question(self) -> int:
        with self._database.connection() as connection:
            row = connection.execute(sa.select(_W.asked, _W.answered).where(self._own)).first()
        if row is None:  # others have taken this process for gone
            self.join()
            return 0
        return row.asked if row.asked > row.answered else 0

    def answer(self, question: int) -> None:
        self._write(sa.update(CALL_WRITER).where(self._own).values(answered=question))

    def packs(self) -> Sequence[CallPack]:
        with self._database.connection() as connection:
            rows = connection.execute(sa.select(*(_P[name] for name in CallPack._fields)))
            return [CallPack(*row) for row in rows]

    def read(self, pack: int) -> Sequence[PackedCall]:
        with self._database.connection() as connection:
            content = connection.execute(sa.select(_P.content).where(_P.pack == pack)).scalar()
        return [] if content is None else unpack(content)

    def rewrite(self, pack: int, calls: Sequence[PackedCall]) -> None:
        if calls:
            self._write(sa.update(CALL_PACK).where(_P.pack == pack).values(_row(calls)))
        else:
            self.drop((pack,))

    def drop(self, packs: Iterable[int]) -> None:
        self._write(sa.delete(CALL_PACK).where(_P.pack.in_(list(packs))))

    def restart(self) -> None:
        with self._database.whole() as connection:
            connection.execute(sa.delete(CALL_PACK))
            others = sa.select(_W.process).where(~self._own).limit(1)
            if connection.execute(others).first() is None:
                connection.execute(sa.delete(CALL_NUMBER))

    def counted(self) -> Mapping[int, bytes]:
        with self._database.connection() as connection:
            rows = connection.execute(sa.select(_V.part, _V.content).order_by(_V.part))
            return {row.part: row.content for row in rows}

    def counted_sizes(self) -> Mapping[int, int]:
        with self._database.connection() as connection:
            rows = connection.execute(sa.select(_V.part, _V.size))
            return {row.part: row.size for row in rows}

    def recount(self, parts: Iterable[int], content: bytes) -> bool:
        old = list(parts)
        among = _V.part.in_(old)
        with self._database.whole() as connection:
            found = connection.execute(sa.select(_V.part).where(among).with_for_update()).all()
            if len(found) != len(old):
                return False
            connection.execute(sa.delete(COVERAGE).where(among))
            if content:
                connection.execute(COVERAGE.insert(), _part(content))
        return True

    def _write(self, statement: sa.Executable, values: dict[str, int] | None = None) -> None:
        with self._database.writing() as connection:
            connection.execute(statement, values)


def _row(calls: Sequence[PackedCall]) -> dict[str, object]:
    known = CallPack.of(calls)._asdict()
    del known["pack"]
    return {**known, "content": pack(calls)}


def _part(content: bytes) -> dict[str, object]:
    return {"size": len(content), "content": content}
