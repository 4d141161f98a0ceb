"""What every test runs under: no network, no telemetry, no settings of whoever runs it; real data if named."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

KEPT = REAL_DATA, BROWSER, SCREENSHOTS = "HOLDFAST_REAL_DATA", "HOLDFAST_BROWSER", "HOLDFAST_SCREENSHOTS"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
LONG = ("spark", "postgres", "browser", "real_data", "slow")
PANELS = ("tariff_panel", "prepaid_panel", "telco_california")

# Before anything is imported: packages read these once.
os.environ |= {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "OMP_WAIT_POLICY": "passive",  # spinning, LightGBM's threads take twenty times as long on a busy machine
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}
for name in [name for name in os.environ if name.startswith("HOLDFAST_") and name not in KEPT]:
    del os.environ[name]


class NetworkUsed(AssertionError):
    """A test reached out; tests and the program itself work without a network."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this machine lacks, real data or a browser: deselected, so that a skip always means something."""
    left_out = [item for item in items if _lacks_data(item) or _lacks_browser(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    _long_files_first(items)


def _long_files_first(items: list[pytest.Item]) -> None:
    """Two processes take file after file: a long one that comes last is waited for by the other process."""
    long = {item.path for item in items if any(item.get_closest_marker(mark) for mark in LONG)}
    items.sort(key=lambda item: item.path not in long)


def _lacks_data(item: pytest.Item) -> bool:
    reads = item.get_closest_marker("real_data") is not None or "real_data" in getattr(item, "fixturenames", ())
    return reads and not os.environ.get(REAL_DATA)


def _lacks_browser(item: pytest.Item) -> bool:
    """Unless HOLDFAST_BROWSER=required, as in continuous integration: there they run, and fail."""
    if item.get_closest_marker("browser") is None or os.environ.get(BROWSER) == "required":
        return False
    return not any(map(shutil.which, CHROMIUM))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the operators' files; a named folder without them fails the tests rather than skipping them."""
    folder = Path(os.environ[REAL_DATA]).resolve()
    missing = [panel for panel in PANELS if not any((folder / panel).glob("*"))]
    if missing:
        pytest.fail(f"{REAL_DATA}={folder} lacks {', '.join(missing)}; name the folder that holds them, or unset it")
    return folder


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Connections from this process reach this machine only."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: Any) -> None:
        _refuse_elsewhere(self, address)
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        _refuse_elsewhere(self, address)
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        patch.setattr(socket.socket, "connect_ex", guarded_ex)
        yield


def _refuse_elsewhere(this: socket.socket, address: Any) -> None:
    if this.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
        raise NetworkUsed(f"a test connected to {address[0]}:{address[1]}; only this machine may be reached")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
