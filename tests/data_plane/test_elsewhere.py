"""What a run reads of real storages: by their own times and versions, and by those of late runs."""

from __future__ import annotations

import random

import pytest

from emulator.data_plane.delta import (
    Elsewhere,
    Selection,
    kept_elsewhere,
    read_elsewhere,
)
from emulator.data_plane.files import ELSEWHERE, File
from emulator.json_types import dumps, loads


def file(path: str, modified: int, version: str = "1") -> File:
    return File(path, 1, modified, ELSEWHERE, version)


def new(elsewhere: Elsewhere, *files: File) -> list[str]:
    """Return what is read of some files, as a flow's progress has kept what was read before."""
    kept = read_elsewhere(loads(dumps(kept_elsewhere(elsewhere))))
    later = kept._replace(start=elsewhere.start, end=elsewhere.end)
    return [file.path for file in files if Selection(elsewhere=later).includes(file)]


def test_all_is_new_at_first() -> None:
    assert new(Elsewhere(), file("a", 0), file("b", 1), file("c", 10**13)) == ["a", "b", "c"]


def test_what_is_later_than_the_last_one_read_is_new() -> None:
    reached = Elsewhere().after([file("a", 5), file("b", 7)])
    assert new(reached, file("a", 5), file("b", 7), file("c", 6), file("d", 8)) == ["d"]
    assert new(reached.after([]), file("b", 7), file("d", 8)) == ["d"]


def test_in_the_moment_of_the_last_one_read_path_and_version_decide() -> None:
    reached = Elsewhere().after([file("a", 7), file("b", 7)])
    found = (file("a", 7), file("b", 7, "2"), file("c", 7))
    assert new(reached, *found) == ["b", "c"]
    assert new(reached.after([file("c", 7)]), *found) == ["b"]
    assert new(reached.after([file("d", 8)]), *found, file("d", 8)) == []


def test_a_file_that_is_replaced_is_new() -> None:
    reached = Elsewhere().after([file("a", 5)])
    assert new(reached, file("a", 6)) == ["a"]
    assert new(reached, file("a", 5, "2")) == ["a"]


def test_a_late_run_leaves_to_the_next_one_what_came_after_it_was_due() -> None:
    late = Elsewhere(end=10)
    files = (file("a", 9), file("b", 10), file("c", 11))
    assert new(late, *files) == ["a", "b"]
    following = late.after([file("a", 9), file("b", 10)])._replace(end=20)
    assert new(following, *files) == ["c"]


def test_late_runs_that_follow_each_other_read_each_file_once() -> None:
    chance = random.Random(7)
    files = [file(f"{number}", chance.randrange(1, 30)) for number in range(60)]
    reached, read = Elsewhere(), list[str]()
    for due in (4, 4, 9, 17, 18, 40):
        reached = reached._replace(end=due)
        found = [one for one in files if one.path in new(reached, *files)]
        assert all(one.modified <= due for one in found)
        read += [one.path for one in found]
        reached = reached.after(found)
    assert sorted(read) == sorted(one.path for one in files)


def test_without_backfill_what_was_there_before_is_never_read() -> None:
    first = Elsewhere(start=10, end=20)
    files = (file("a", 9), file("b", 10), file("c", 21))
    assert new(first, *files) == ["b"]
    assert new(Elsewhere(start=10, end=10).after([]), *files) == ["b", "c"]


def test_where_a_storage_tells_no_times_each_version_of_a_file_is_read_once() -> None:
    reached = Elsewhere().after([file("a", 0), file("b", 0)])
    assert new(reached, file("a", 0), file("b", 0, "2"), file("c", 0)) == ["b", "c"]
    reached = reached.after([file("b", 0, "2"), file("c", 0)])
    assert new(reached, file("a", 0), file("b", 0, "2"), file("c", 0)) == []
    assert new(reached, file("b", 0, "1")) == ["b"]  # back again, and another one than before
    assert len(reached.undated) == 3


@pytest.mark.parametrize("window", [Elsewhere(start=10, end=20), Elsewhere(end=-1)])
def test_windows_say_nothing_of_files_without_times(window: Elsewhere) -> None:
    assert new(window, file("a", 0)) == ["a"]
    assert new(window.after([file("a", 0)]), file("a", 0)) == []


def test_files_of_the_emulator_and_files_elsewhere_are_told_apart() -> None:
    own = File("a", 1, 5, 3)
    selection = Selection(end=4, elsewhere=Elsewhere(end=10))
    assert not selection.includes(own)
    assert selection.includes(file("a", 5))
    assert Elsewhere().after([own]) == Elsewhere(modified=0)


def test_what_is_passed_over_is_what_backfill_would_read() -> None:
    reached = Elsewhere().after([file("a", 2)])._replace(start=10)
    files = (file("a", 2), file("b", 0), file("c", 9), file("d", 10))
    selection = Selection(start=10, backfills=False, elsewhere=reached)
    left = [one for one in files if not selection.includes(one)]
    assert [one.path for one in left if selection.passes_over(one)] == ["c"]
    backfilling = selection._replace(backfills=True)
    assert not any(map(backfilling.passes_over, left))
