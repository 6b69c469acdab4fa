"""Reads the page as somebody without JavaScript does: texts, links and forms."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

UI = "/_emulator/ui"
OWN = {"Origin": "http://localhost"}
"""What a browser says of a form that is on the page."""

VOID = {"meta", "link", "input", "br", "hr", "img", "wbr"}
SVG = {"circle", "path", "rect", "line", "polyline"}


@dataclass
class Form:
    """A form, with the values that it would send."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


class Markup(HTMLParser):
    """A parsed page. It fails on markup that is not well-formed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: dict[str, str] = {}
        self.forms: list[Form] = []
        self.ids: Counter[str] = Counter()
        self.tags: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.labels: list[str] = []
        self.triggers: list[str] = []
        self._open: list[tuple[str, list[str], dict[str, str]]] = []
        self._texts: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"not closed: {self._open}"
        assert not [id for id, times in self.ids.items() if times > 1], self.ids.most_common(3)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._texts).split())

    def form(self, button: str) -> Form:
        """Return the form with a button of this name."""
        return next(form for form in self.forms if button in form.buttons)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        self.attributes.update(known.keys())
        self.triggers += [known["hx-trigger"]] if "hx-trigger" in known else []
        if "id" in known:
            self.ids[known["id"]] += 1
        self.labels += [known["aria-label"].partition(";")[0]] if "aria-label" in known else []
        if tag == "form":
            self.forms.append(Form(known["action"], known.get("method", "get")))
        if self.forms and "name" in known and tag in ("input", "select", "textarea"):
            self.forms[-1].fields[known["name"]] = known.get("value", "")
        if tag == "option" and "selected" in known:
            name = next(open[2]["name"] for open in reversed(self._open) if open[0] == "select")
            self.forms[-1].fields[name] = known.get("value", "")
        if tag not in VOID:
            self._open.append((tag, [], known))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SVG, tag
        self.tags[tag] += 1

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] in ("script", "style"):
            return
        self._texts.append(data)
        for _, texts, _known in self._open:
            texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        opened, texts, known = self._open.pop()
        assert opened == tag, f"{opened} is closed by {tag}"
        said = known.get("aria-label") or " ".join("".join(texts).split())
        if tag == "a":
            self.links[said] = known["href"]
        if tag == "button" and self.forms:
            self.forms[-1].buttons.append(said)


def read(response: TestResponse, status: int = 200) -> Markup:
    """Return the page that a response has, once its headers have been looked at."""
    assert response.status_code == status, response.get_data(as_text=True).partition("<main")[2][
        :600
    ]
    assert response.headers["Content-Type"].startswith("text/html")
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    return Markup(response.get_data(as_text=True))


def view(client: FlaskClient, path: str, status: int = 200, **headers: str) -> Markup:
    """Return a view as a browser gets it."""
    sent = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", **headers}
    return read(
        client.get(path if path.startswith(("/_", "/t/")) else UI + path, headers=sent), status
    )


def press(client: FlaskClient, form: Form, **values: Any) -> TestResponse:
    """Send a form as a browser does that shows this page."""
    return client.post(form.action, data={**form.fields, **values}, headers=OWN)


def follow(client: FlaskClient, response: TestResponse) -> Markup:
    """Return the view that a form has led to."""
    assert response.status_code == 303, response.get_data(as_text=True)[:500]
    return view(client, response.headers["Location"])
