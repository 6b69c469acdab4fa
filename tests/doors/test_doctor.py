"""What the command doctor finds between a client and an emulator."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from emulator.commands.doctor import emulator as doctor_emulator
from emulator.commands.doctor.client_settings import find_files, read_file, settings_in
from emulator.emulator import Emulator
from emulator.serving.server import Server
from emulator.serving.tls import self_signed
from tests.doors.test_cli import assert_one_line, run
from tests.emulators import new_emulator

ORGANIZATION = "0123456789ABCDEF01234567@AdobeOrg"
GOOD = {
    "IMS": "{url}",
    "PLATFORM_GATEWAY": "{url}",
    "IMS_ORG": ORGANIZATION,
    "API_KEY": "any-key",
    "SANDBOX_NAME": "prod",
    "ACCESS_TOKEN": "any-token",
}
Doctor = Callable[..., dict[str, tuple[str, str]]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty; nothing of a client or a proxy is in the environment."""
    for name in os.environ:
        if name.lower().endswith("_proxy") or name.startswith(("AEP", "ADOBE_", "IMS")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def examined(url: str, code: int = 0, **environment: str) -> dict[str, tuple[str, str]]:
    """Return level and text of each finding, by what it is about; its code is as expected."""
    done = run("doctor", "--url", url, "--json", **environment)
    assert done.returncode == code, done.stdout
    findings = json.loads(done.stdout)["findings"]
    return {
        one["about"]: (one["level"], f"{one['says']}; {one['do']}") for one in reversed(findings)
    }


def write_env(url: str, file: str = ".env", **other: str) -> None:
    lines = [f"{name}={value}" for name, value in {**GOOD, **other}.items()]
    Path(file).write_text("\n".join(lines).replace("{url}", url))


def test_all_is_well_with_a_client_that_is_pointed_at_the_emulator(url: str) -> None:
    write_env(url)
    found = examined(url)
    assert {level for level, _ in found.values()} <= {"ok", "warning"}
    assert [about for about, (level, _) in found.items() if level == "warning"] == ["clock"]
    assert "edition latest" in found["emulator"][1]
    assert found["calls"] == ("ok", "no call has arrived yet; ")
    assert "any-key" not in json.dumps(found)
    plain = run("doctor", "--url", url)
    assert (plain.returncode, plain.stderr) == (0, "")
    assert any(
        line.split()[:2] == ["ok", "emulator"] and url in line for line in plain.stdout.splitlines()
    )


@pytest.mark.parametrize(
    ("setting", "value", "about", "level", "words"),
    [
        ("IMS", "ims-na1.adobelogin.com", "token URL", "error", "set it to {url}"),
        (
            "IMS",
            "https://ims-na1.adobelogin.com/ims/token/v3",
            "token URL",
            "error",
            "/ims/token/v3",
        ),
        ("PLATFORM_GATEWAY", "https://platform.adobe.io", "base URL", "error", "set it to {url}"),
        ("PLATFORM_GATEWAY", "http://127.0.0.1:9", "base URL", "warning", "not to {url}"),
        ("PLATFORM_GATEWAY", "", "base URL", "warning", "no base URL"),
        ("IMS_ORG", "0123456789ABCDEF01234567", "organization", "error", "append @AdobeOrg"),
        ("IMS_ORG", "<orgID>", "organization", "warning", "x-gw-ims-org-id"),
        ("API_KEY", "", "api key", "warning", "x-api-key"),
        ("SANDBOX_NAME", "", "sandbox", "warning", "x-sandbox-name"),
        ("SANDBOX_NAME", "test", "sandbox", "warning", "prod, dev; create it"),
        ("SANDBOX_NAME", "dev", "sandbox", "ok", "dev"),
        ("ACCESS_TOKEN", "", "token", "warning", "neither"),
    ],
)
def test_a_setting_that_leads_elsewhere_or_is_not_known(
    setting: str, value: str, about: str, level: str, words: str, url: str
) -> None:
    write_env(url, **{setting: value})
    found = examined(url, 1 if level == "error" else 0)
    assert found[about][0] == level
    assert words.replace("{url}", url) in found[about][1]


@contextmanager
def served(**settings: Any) -> Iterator[str]:
    with Server(new_emulator(**settings).application) as server:
        yield f"http://127.0.0.1:{server.port}"


def test_what_the_emulator_knows_is_compared() -> None:
    known = {"organizations": ("A@AdobeOrg",), "api_keys": ("key",), "auth": "issued"}
    with served(**known, enforce="observe") as url:
        write_env(url)
        found = examined(url, 1, AEP_EMULATOR_EDITION="2020-09")
        assert "A@AdobeOrg" in found["organization"][1]
        assert [found[about][0] for about in ("organization", "api key", "token")] == ["error"] * 3
        assert found["edition"][0] == found["enforce"][0] == "warning"
        write_env(url, IMS_ORG="A@AdobeOrg", API_KEY="key", ACCESS_TOKEN="", CLIENT_SECRET="s")
        found = examined(url)
        assert found["token"][0] == "ok"
        assert found["scopes"][0] == "warning"


def test_a_token_that_is_issued_is_known_until_it_expires() -> None:
    import urllib.parse
    import urllib.request

    emulator = new_emulator(auth="issued")
    form = {"grant_type": "client_credentials", "client_id": "k", "client_secret": "s"}
    body = urllib.parse.urlencode({**form, "scope": "openid"}).encode()
    with Server(emulator.application) as server:
        url = f"http://127.0.0.1:{server.port}"
        with urllib.request.urlopen(f"{url}/ims/token/v3", body) as answer:
            token = json.loads(answer.read())["access_token"]
        write_env(url, ACCESS_TOKEN=token)
        assert examined(url)["token"][0] == "ok"
        assert run("clock", "advance", "P2D", "--url", url).returncode == 0
        assert "has expired" in examined(url, 1)["token"][1]


def test_the_last_call_that_lacked_a_header_is_named(url: str) -> None:
    import urllib.error
    import urllib.request

    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{url}/data/foundation/catalog/dataSets")
    level, said = examined(url)["calls"]
    assert level == "warning"
    assert "platform.gate." in said
    assert said.endswith("aep-emulator explain 1")


def test_active_faults_are_named(emulator: Emulator, url: str) -> None:
    emulator.faults.add({"id": "busy", "kind": "error", "status": 429})
    level, text = examined(url)["faults"]
    assert (level, "busy (error, fired 0)" in text) == ("warning", True)


def test_nothing_answers() -> None:
    level, said = examined("http://127.0.0.1:9", 1)["emulator"]
    assert level == "error"
    assert "serve --port 9" in said


def test_adobes_own_platform_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("nothing may be sent there")

    monkeypatch.setattr(doctor_emulator, "call", never)
    for address in ("https://platform.adobe.io", "https://platform-stage.adobe.io/x"):
        assert examined(address, 1)["emulator"][0] == "error"


def test_a_server_that_is_no_emulator(url: str) -> None:
    level, said = examined(f"{url}/data", 1)["emulator"]
    assert level == "error"
    assert "is not an aep-emulator" in said


def test_the_wrong_scheme_is_named(url: str) -> None:
    level, said = examined(url.replace("http:", "https:"), 1)["tls"]
    assert level == "error"
    assert said.endswith(f"use {url}")


def test_https_is_asked_for_and_has_to_be_trusted(emulator: Emulator, folder: Path) -> None:
    tls = self_signed(("127.0.0.1",), folder / "ca.pem")
    with Server(emulator.application, tls=tls.context) as server:
        place = f"127.0.0.1:{server.port}"
        assert examined(f"http://{place}", 1)["tls"][1].endswith(f"use https://{place}")
        level, said = examined(f"https://{place}", 1)["tls"]
        assert level == "error"
        assert "--tls-ca" in said
        trusted = examined(f"https://{place}", AEP_EMULATOR_TLS_CA=str(tls.ca))
        assert trusted["emulator"][0] == "ok"


def test_a_token_of_the_control_api_is_asked_for() -> None:
    with served(admin_token="opensesame") as url:
        write_env(url)
        assert examined(url)["controls"][0] == "warning"
        assert "controls" not in examined(url, AEP_EMULATOR_ADMIN_TOKEN="opensesame")


@pytest.mark.parametrize(
    ("environment", "level"),
    [
        ({"HTTP_PROXY": "http://me:pass@proxy:3128"}, "error"),
        ({"all_proxy": "socks5://proxy:1080"}, "error"),
        ({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "localhost,127.0.0.1"}, "ok"),
        ({"HTTP_PROXY": "http://proxy:3128", "no_proxy": "*"}, "ok"),
        ({"HTTP_PROXY": "http://proxy:3128", "no_proxy": ".example.com, 127.0.0.0/8"}, "ok"),
        ({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "localhost,10.0.0.0/8,"}, "error"),
        ({"HTTPS_PROXY": "http://proxy:3128"}, None),
        ({"HTTP_PROXY": ""}, None),
    ],
)
def test_a_proxy_in_the_way(environment: dict[str, str], level: str | None, url: str) -> None:
    found = examined(url, 1 if level == "error" else 0, **environment)
    assert found.get("proxy", (None, ""))[0] == level
    assert "pass" not in found.get("proxy", ("", ""))[1]


def test_another_version_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_emulator, "__version__", "9.9.9")
    assert "9.9.9" in examined(url)["version"][1]


def test_a_mistaken_variable_is_named(url: str) -> None:
    assert "AEP_EMULATOR_EDITION" in examined(url, AEP_EMULATOR_EDTION="x")["variable"][1]


def test_settings_of_the_environment_count(url: str) -> None:
    found = examined(url, AEP_ORG_ID=ORGANIZATION, AEP_PLATFORM_URL=url, GITHUB_TOKEN="x")
    assert found["organization"][0] == found["base URL"][0] == "ok"
    assert "2 settings of a client in the environment" in found["settings"][1]
    assert found["token"][0] == "warning"


def test_a_file_of_aepp_leads_to_the_platform(url: str) -> None:
    content = {
        "org_id": ORGANIZATION,
        "client_id": "key",
        "secret": "s",
        "sandbox-name": "dev",
        "environment": "prod",
        "scopes": "openid",
    }
    Path("config_aep_template.json").write_text(json.dumps(content))
    found = examined(url)
    assert found["aepp"][0] == "warning"
    assert f'endpoint="{url}"' in found["aepp"][1]
    assert f'"{url}/ims/token/v3"' in found["aepp"][1]
    assert [found[name][0] for name in ("organization", "sandbox", "token")] == ["ok"] * 3


def test_a_named_file_is_read_or_refused(url: str) -> None:
    write_env(url, "settings.txt")
    done = run("doctor", "--url", url, "--file", "settings.txt")
    assert "6 settings of a client in settings.txt" in done.stdout
    assert_one_line(run("doctor", "--url", url, "--file", "none"), "none: No such file")
    for content in ("{", "[]", "no setting is here"):
        Path("odd").write_text(content)
        assert_one_line(run("doctor", "--url", url, "--file", "odd"), "odd: ")
    assert_one_line(run("doctor", "--url", "localhost:8080"), "is not a URL")


KINDS = {
    "AEP_BASE_URL=http://a.b": "base URL",
    "endpoint=http://localhost:8080": "base URL",
    "AEP_EMULATOR_URL=http://aep:8080": "base URL",
    "AEP_URL=[::1]:8080": "",
    "AEP_IMS_URL=http://localhost:8080": "token URL",
    "TOKEN_URL=http://localhost/ims/token/v3": "token URL",
    "anything=https://platform.adobe.io/data": "base URL",
    "anything=https://ims-na1.adobelogin.com": "token URL",
    "META_SCOPES=https://ims-na1.adobelogin.com/s/ent_dataservices_sdk": "scopes",
    "aep.org_id=X@AdobeOrg": "organization",
    "x-gw-ims-org-id=X@AdobeOrg": "organization",
    "x-sandbox-name=prod": "sandbox",
    "CLIENT_SECRET=s": "secret",
    "HOST=0.0.0.0": "",
    "DATABASE_URL=postgresql://me@db/x": "",
    "REDIS_HOST=redis": "",
    "GITHUB_ORG=me": "",
    "GITHUB_TOKEN=x": "",
    "TECHNICAL_ACCOUNT_ID=X@techacct.adobe.com": "",
    "API_HOST=localhost:3000": "base URL",
}


@pytest.mark.parametrize("line", KINDS)
def test_what_a_setting_is_for_shows_in_its_name_and_value(line: str) -> None:
    name, _, value = line.partition("=")
    found = [one.kind for one in settings_in({name: value}, "here")]
    assert found == ([KINDS[line]] if KINDS[line] else [])


def test_lines_of_env_files_are_read_as_shells_do(folder: Path) -> None:
    path = folder / ".env"
    path.write_text("# a\nexport A=1 # one\nB='x # y' # z\nC=\"\"\n\nD = a#b\nodd line\n")
    assert read_file(path).values == {"A": "1", "B": "x # y", "C": "", "D": "a#b"}


def test_only_files_of_clients_are_found(folder: Path) -> None:
    (folder / "config.json").write_text('{"org": "me", "name": "x"}')
    (folder / "odd.env").write_bytes(b"\xff\xfe")
    (folder / "other.env").write_text("DEBUG=1")
    (folder / "stage.postman_environment.json").write_text(
        json.dumps({"values": [{"key": "IMS_ORG", "value": ORGANIZATION, "enabled": True}]})
    )
    with patch.dict(os.environ):
        assert [one.path.name for one in find_files(folder)] == ["stage.postman_environment.json"]
