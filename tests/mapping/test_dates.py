"""Dates: Java's pattern letters, the list of formats in its order, zones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from emulator.mapping import MappingError
from emulator.mapping.moments import FORMATS, read_moment
from emulator.mapping.patterns import pattern
from emulator.mapping.zones import iso, zone
from tests.mapping.language import evaluated

AFTERNOON = datetime(2020, 3, 7, 15, 4, 5, 678000, tzinfo=zone("America/Los_Angeles"))


@pytest.mark.parametrize(
    ("letters", "written"),
    [
        ("G yyyy yy y", "AD 2020 20 2020"),
        ("M MM MMM MMMM L", "3 03 Mar March 3"),
        ("d dd D DDD", "7 07 67 067"),
        ("w W F u", "10 1 1 6"),
        ("E EEE EEEE", "Sat Sat Saturday"),
        ("H HH k K h hh a", "15 15 15 3 3 03 PM"),
        ("m mm s ss S SSS", "4 04 5 05 6 678"),
        ("z Z X XX XXX", "PST -0800 -08 -0800 -08:00"),
        ("V O Q q", "America/Los_Angeles GMT-8 1 1"),
        ("YYYY QQQ", "2020 Q1"),
        ("yyyy-MM-dd'T'HH:mm:ss'Z'", "2020-03-07T15:04:05Z"),
        ("hh 'o''clock' a", "03 o'clock PM"),
    ],
)
def test_a_pattern_writes(letters: str, written: str) -> None:
    assert pattern(letters).write(AFTERNOON) == written


def test_utc_is_z_in_iso_offsets_only() -> None:
    assert pattern("X XXX Z O").write(datetime(2020, 1, 1, tzinfo=UTC)) == "Z Z +0000 GMT"


@pytest.mark.parametrize(
    ("text", "letters", "expected"),
    [
        ("7.3.20", "d.M.yy", "2020-03-07T00:00:00Z"),
        ("Mar 07 2020 03:04 PM", "MMM dd yyyy hh:mm a", "2020-03-07T15:04:00Z"),
        ("12:00 AM", "hh:mm a", "1970-01-01T00:00:00Z"),
        ("24:30", "kk:mm", "1970-01-01T00:30:00Z"),
        ("2020-067", "yyyy-DDD", "2020-03-07T00:00:00Z"),
        ("2020-03-07 15:04 PST", "yyyy-MM-dd HH:mm z", "2020-03-07T15:04:00-08:00"),
        ("2020-03-07 15:04 Europe/Paris", "yyyy-MM-dd HH:mm V", "2020-03-07T15:04:00+01:00"),
        ("2020-03-07 15:04 +05:30", "yyyy-MM-dd HH:mm X", "2020-03-07T15:04:00+05:30"),
    ],
)
def test_a_pattern_reads(text: str, letters: str, expected: str) -> None:
    assert iso(pattern(letters).read(text)) == expected


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("2020-13-01", "yyyy-MM-dd"),
        ("2020-02-30", "yyyy-MM-dd"),
        ("December 31st, 2020", "yyyy-MM-dd"),
        ("13:00 PM", "hh:mm a"),
        ("10 2020", "w yyyy"),
        ("x", "b"),
        ("x", "'open"),
        ("2020 Nowhere/Land", "yyyy V"),
    ],
)
def test_what_does_not_fit_a_pattern_is_an_error(text: str, letters: str) -> None:
    with pytest.raises(MappingError):
        pattern(letters).read(text)


@pytest.mark.parametrize("letters", FORMATS)
def test_each_listed_format_is_read_without_being_named(letters: str) -> None:
    moment = datetime(2020, 11, 22, 9, 8, 7, 6000, tzinfo=UTC)
    written = pattern(letters).write(moment)
    read = read_moment(written)
    assert pattern(letters).write(read) == written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12112020", "2020-12-11T00:00:00Z"),
        ("20201211", "2020-12-11T00:00:00Z"),
        ("1/02/2020", "2020-01-02T00:00:00Z"),
        ("02.1.2020", "2020-01-02T00:00:00Z"),
        ("2019-10-23 11:24", "2019-10-23T11:24:00Z"),
        ("2024-05-05 20:39:00.005 PST", "2024-05-05T20:39:00.005-08:00"),
        ("2024-05-05 20:39:00.005-0800", "2024-05-05T20:39:00.005-08:00"),
    ],
)
def test_the_first_format_that_fits_counts(text: str, expected: str) -> None:
    assert iso(read_moment(text)) == expected


def test_a_number_is_milliseconds() -> None:
    assert iso(read_moment(1_571_829_875_000)) == "2019-10-23T11:24:35Z"
    with pytest.raises(MappingError):
        read_moment(10**18)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("date(null, 'yyyy', now())", "2021-10-26T10:10:24Z"),
        ("date('2020', 'yyyy')", "2020-01-01T00:00:00Z"),
        ("date_part('DW', '2020-03-07')", 6),
        ("date_part('qq', '2020-03-07')", 1),
        ("date_part('hh12', '2020-03-07 15:00')", 3),
        ("set_date_part('yyyy', 2021, '2020-03-07')", "2021-03-07T00:00:00Z"),
        ("timestamp() == timestamp()", True),
        ("date('2020-01-01') < now()", True),
        ("format(now(), 'yyyy')", "2021"),
    ],
)
def test_functions_of_dates(expression: str, expected: object) -> None:
    assert evaluated(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "set_date_part('m', 13, now())",
        "set_date_part('w', 1, now())",
        "date_part('x', now())",
        "zone_date_to_zone(now(), 'Nowhere')",
        "make_date_time(2020, 2, 30, 0, 0, 0, 0, 'UTC')",
        "date('soon')",
    ],
)
def test_what_is_no_date_is_an_error(expression: str) -> None:
    with pytest.raises(MappingError):
        evaluated(expression)
