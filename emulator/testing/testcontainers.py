"""The emulator's container for Testcontainers: `pip install 'aep-emulator[testcontainers]'`.

The image is built from a checkout with `make image` or `docker build -t aep-emulator:dev .`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

from emulator.settings import SettingError, read_settings, table
from emulator.web.isolation import PREFIX

IMAGE = "aep-emulator:dev"
"""The name that `make image` gives the image."""

PORT = 8080
HEALTH = "/_emulator/health"
_OWN = ("host", "port")


class AepEmulatorContainer(DockerContainer):
    """An emulator in a container; once started it answers at `url`."""

    def __init__(self, image: str = IMAGE, *, name: str | None = None, **settings: Any) -> None:
        """Configure the container.

        Args:
            image: The image to run.
            name: The container's name.
            settings: Settings by name, such as `edition` and `enforce`; folders and files of the
                host are mounted read-only.

        Raises:
            SettingError: A setting is unknown or has a value that cannot be used.
        """
        super().__init__(image, name=name)
        self.with_exposed_ports(PORT)
        for key, value in settings.items():
            self._set(key, value)
        self.waiting_for(HttpWaitStrategy(PORT, HEALTH).for_status_code(200))

    def _set(self, name: str, value: Any) -> None:
        rows = {row.name: row for row in table() if row.name not in _OWN}
        if name not in rows:
            raise SettingError(f"unknown setting {name!r}; expected one of {', '.join(rows)}")
        text = ",".join(value) if isinstance(value, list | tuple) else str(value)
        if isinstance(getattr(read_settings({name: text}, {}), name), Path):
            inside = f"/settings/{name}/{Path(text).name}"
            self.with_volume_mapping(str(Path(text).resolve()), inside, "ro")
            text = inside
        self.with_env(rows[name].environment, text)

    @property
    def url(self) -> str:
        """The base URL, in place of `https://platform.adobe.io`; available once started."""
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(PORT)}"

    @property
    def token_url(self) -> str:
        """The token URL, in place of `https://ims-na1.adobelogin.com/ims/token/v3`."""
        return f"{self.url}/ims/token/v3"

    def isolated(self, name: str) -> str:
        """Return the base URL of an isolated emulator, for tests that share the container."""
        return f"{self.url}{PREFIX}{quote(name, safe='')}"
