"""Install: make the checkout's own environment from a hashed lock, say what is being done, and mend an interrupted one.

Run by `make`, with any supported Python and nothing but its standard library.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
LOCKS = CHECKOUT / "infra" / "lock"
RUNTIME, DEVELOPMENT, BUILDING = "runtime", "dev", "build"
SECONDS_BETWEEN_WORDS = 10

PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--progress-bar", "off", "--no-deps")
# Bytecode is left to the first import: of 1.8 GB few files are ever imported, and compiling all takes a minute.
FROM_LOCK = ("--require-hashes", "--no-build-isolation", "--no-compile", "--requirement")
PROJECT = ("--no-build-isolation", "--editable")


class InstallError(Exception):
    """Why nothing could be installed, and what to do, in one line."""


def install(lock: str, venv: Path) -> None:
    """Bring `venv` to what `lock` says, unless it is there already.

    The development lock holds everything of the runtime lock, so a development environment serves both.
    An environment that an earlier run left unfinished is made anew: pip cannot tell half a package from a whole one.
    """
    if any(_is_current(venv, enough) for enough in (lock, DEVELOPMENT)):
        return
    _check_machine()
    started = time.monotonic()
    if not _is_sound(venv):
        _make(venv, started)
    _forget_stamps(venv)
    for arguments, what in _steps(lock):
        _pip(venv, arguments, what, started)
    _stamp(venv, lock).write_text(_wanted(venv, lock))
    _say(started, f"{venv.name} is ready; what pip said is in {_log(venv)}")


def _steps(lock: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The locked pip and build tools come first: what is published as source is built with them, not with others."""
    for name in (BUILDING, lock):
        yield (*FROM_LOCK, str(LOCKS / f"{name}.txt")), f"{_packages(name)} packages of infra/lock/{name}.txt"
    yield (*PROJECT, str(CHECKOUT)), "holdfast itself"


def _packages(lock: str) -> int:
    """Packages of a lock; one that is locked in two versions, for two Pythons, counts once."""
    return len(set(re.findall(r"^([\w.-]+)==", (LOCKS / f"{lock}.txt").read_text(), re.MULTILINE)))


def _stamp(venv: Path, lock: str) -> Path:
    return venv / f"holdfast-{lock}.stamp"


def _forget_stamps(venv: Path) -> None:
    for stamp in venv.glob("holdfast-*.stamp"):
        stamp.unlink()


def _log(venv: Path) -> Path:
    return venv / "install.log"


def _mark(venv: Path) -> Path:
    """A file that says that this program made the environment, and so may throw it away."""
    return venv / "made-by-holdfast"


def _place(venv: Path) -> str:
    return f"place {venv.absolute()}\n"


def _wanted(venv: Path, lock: str) -> str:
    """What a finished environment was made from; another place, lock or project is another environment."""
    files = [LOCKS / f"{BUILDING}.txt", LOCKS / f"{lock}.txt", CHECKOUT / "pyproject.toml"]
    return _place(venv) + "".join(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n" for file in files)


def _is_current(venv: Path, lock: str) -> bool:
    stamp = _stamp(venv, lock)
    return stamp.is_file() and stamp.read_text() == _wanted(venv, lock) and _is_sound(venv)


def _is_sound(venv: Path) -> bool:
    """Whether pip once finished here; a copy points to its first place, and a removed Python leaves a dead link."""
    stamps = venv.glob("holdfast-*.stamp")
    return any(stamp.read_text().startswith(_place(venv)) for stamp in stamps) and _python(venv).exists()


def _python(venv: Path) -> Path:
    return venv / "bin" / "python"


def _check_machine() -> None:
    if not (3, 11) <= sys.version_info[:2] < (3, 14):
        raise InstallError(f"Python {sys.version.split()[0]} is not supported; use 3.11, 3.12 or 3.13: make PYTHON=...")
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        version = "{}.{}".format(*sys.version_info)
        raise InstallError(f"{sys.executable} cannot make environments; on Debian: apt install python{version}-venv")
    if sys.platform == "linux" and not _loads("libgomp.so.1"):
        raise InstallError("libgomp.so.1 is missing, which LightGBM needs; on Debian: apt install libgomp1")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _make(venv: Path, started: float) -> None:
    if venv.exists() and not _mark(venv).exists():
        raise InstallError(f"{venv} was not made by make install; move it away, or name another: make VENV=...")
    if venv.exists():
        _say(started, f"{venv.name} was left unfinished; making it anew")
        shutil.rmtree(venv)
    _say(started, f"making {venv} with Python {sys.version.split()[0]}")
    venv.mkdir(parents=True)
    _mark(venv).touch()
    made = subprocess.run([sys.executable, "-m", "venv", str(venv)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise InstallError(f"python -m venv failed: {(made.stdout + made.stderr).strip()}")


def _pip(venv: Path, arguments: tuple[str, ...], what: str, started: float) -> None:
    """Run one pip install and say every few seconds how far it is; its own words go to the log."""
    _say(started, f"installing {what}")
    with _log(venv).open("ab+") as log:
        begun = log.tell()
        pip = subprocess.Popen([str(_python(venv)), *PIP, *arguments], stdout=log, stderr=subprocess.STDOUT)
        try:
            while _still_running(pip):
                _say(started, _progress(venv, _words(venv, begun)))
        finally:
            pip.kill()
    if pip.returncode != 0:
        said = _words(venv, begun).strip().splitlines()[-12:]
        raise InstallError("\n  ".join([f"pip failed on {what}; mend this and run make again:", *said]))


def _still_running(pip: subprocess.Popen[bytes]) -> bool:
    try:
        pip.wait(timeout=SECONDS_BETWEEN_WORDS)
    except subprocess.TimeoutExpired:
        return True
    return False


def _words(venv: Path, begun: int) -> str:
    return _log(venv).read_bytes()[begun:].decode(errors="replace")


def _progress(venv: Path, words: str) -> str:
    fetched = len(re.findall(r"^(?:Collecting|Processing) ", words, re.MULTILINE))
    if "\nInstalling collected packages" in words:
        return f"  {fetched} fetched, {len(list(venv.glob('lib/python*/site-packages/*.dist-info')))} in place"
    building = re.findall(r"Building wheel for (\S+)", words)
    return f"  {fetched} fetched, building {building[-1]}" if building else f"  {fetched} fetched"


def _say(started: float, message: str) -> None:
    print(f"[{time.monotonic() - started:4.0f} s] {message}", flush=True)


def main(lock: str, venv: str) -> int:
    try:
        install(lock, Path(venv))
    except InstallError as problem:
        print(f"install: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("install: stopped; the next make begins anew", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
