"""Days and moments as ISO 8601 and RFC 3339 write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from emulator.moments import from_milliseconds, is_date_time, is_day, to_milliseconds, utc_text

NOON = 1_800_014_400_500


@pytest.mark.parametrize(
    "text",
    [
        *("2027-01-15T12:00:00.5Z", "2027-01-15 12:00:00.500+00:00", "2027-01-15T13:00:00.500+01"),
        *("20270115T120000.500Z", "2027-01-15T06:30:00.5-0530", "2027-W02-5T12:00:00.5Z"),
    ],
)
def test_every_form_of_iso_8601_is_read(text: str) -> None:
    assert to_milliseconds(text) == NOON


@pytest.mark.parametrize(
    "text", ["", "noon", "2027-02-30", "2027-01-15T12:00:00.5", "1800014400500"]
)
def test_what_is_no_moment_or_has_no_zone_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|day|zone"):
        to_milliseconds(text)


def test_a_zone_may_stand_in_for_a_missing_one() -> None:
    assert to_milliseconds("2027-01-15T12:00:00.5", missing_zone=UTC) == NOON
    assert to_milliseconds("2027-01-15T13:00:00.5+01:00", missing_zone=UTC) == NOON
    assert to_milliseconds("1970-01-02", missing_zone=UTC) == 24 * 3600 * 1000


def test_milliseconds_become_moments_of_utc() -> None:
    assert from_milliseconds(NOON) == datetime(2027, 1, 15, 12, 0, 0, 500_000, tzinfo=UTC)
    assert from_milliseconds(10**18) is None
    assert from_milliseconds(-(10**18)) is None
    assert utc_text(datetime(2027, 1, 15, 12, tzinfo=UTC)) == "2027-01-15T12:00:00.000Z"


def test_a_day_is_written_in_full() -> None:
    assert is_day("2028-02-29")
    for text in ("2027-02-29", "2027-2-3", "20270203", "2027-02-03T00:00:00Z", "٢٠٢٧-٠٢-٠٣", ""):
        assert not is_day(text)


@pytest.mark.parametrize(
    "text",
    [
        *("2027-01-15T12:00:00Z", "2027-01-15t12:00:00.123456789z", "2027-01-15 12:00:00+0130"),
        "2027-01-15T12:00:00-08:00",
    ],
)
def test_rfc_3339_wants_seconds_and_a_zone(text: str) -> None:
    assert is_date_time(text, strict=True)
    assert is_date_time(text, strict=False)


@pytest.mark.parametrize("text", ["2027-01-15T12:00", "2027-01-15 12:00:00.5", "2027-01-15T12:00Z"])
def test_seconds_and_zone_may_be_left_out_where_nobody_is_strict(text: str) -> None:
    assert is_date_time(text, strict=False)
    assert not is_date_time(text, strict=True)


@pytest.mark.parametrize(
    "text",
    ["2027-01-15", "2027-02-30T12:00:00Z", "2027-01-15T25:00:00Z", "2027-01-15T12:00.5Z", "12:00"],
)
def test_what_is_no_moment_is_none_in_either_way(text: str) -> None:
    assert not is_date_time(text, strict=True)
    assert not is_date_time(text, strict=False)
