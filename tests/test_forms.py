"""Parameters of form bodies, URL-encoded and multipart."""

from __future__ import annotations

import pytest

from emulator.web.forms import read_form

MULTIPART = "multipart/form-data; boundary=edge"
FIELD = 'Content-Disposition: form-data; name="%s"'


def body(*parts: tuple[str, str], end: str = "--edge--\r\n") -> bytes:
    return ("".join(f"--edge\r\n{head}\r\n\r\n{text}\r\n" for head, text in parts) + end).encode()


def test_parameters_of_the_body_stand_over_those_of_the_query_string() -> None:
    sent = read_form({"a": "1", "b": "2"}, "application/x-www-form-urlencoded", b"b=3&c=%C3%BC&d=")
    assert sent == {"a": "1", "b": "3", "c": "ü"}


def test_fields_and_files_of_a_multipart_body_are_texts() -> None:
    sent = body(
        (FIELD % "name", " Ännchen "),
        (FIELD % "file" + '; filename="a.json"\r\nContent-Type: application/json', '{"a": 1}'),
        (FIELD % "name", "the last one"),
    )
    assert read_form({"q": "1"}, MULTIPART, sent) == {
        "q": "1",
        "name": "the last one",
        "file": '{"a": 1}',
    }


def test_a_large_file_comes_whole() -> None:
    content = "id,name\r\n" * 200_000
    sent = body((FIELD % "csv-file" + '; filename="a.csv"', content))
    assert read_form({}, MULTIPART, sent)["csv-file"] == content.strip()


@pytest.mark.parametrize(
    ("content_type", "sent"),
    [
        ("multipart/form-data", body((FIELD % "a", "1"))),
        ("multipart/form-data; boundary=é", body((FIELD % "a", "1"))),
        (MULTIPART, b""),
        (MULTIPART, b"\xff\xfe{}"),
        (MULTIPART, body(("X-Name: a", "1"))),
        (MULTIPART, body(("Content-Disposition: form-data", "1"))),
        (MULTIPART, body((FIELD % "a", "1"), end="")),
    ],
)
def test_a_malformed_multipart_body_has_no_parameters(content_type: str, sent: bytes) -> None:
    assert read_form({}, content_type, sent) == {}


def test_what_a_token_says_is_read_along() -> None:
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."
    sent = body((FIELD % "jwt_token", token))
    assert read_form({}, MULTIPART, sent) == {"jwt_token": token, "jwt_claims": {"sub": "a"}}
