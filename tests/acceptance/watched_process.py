"""Watched process: a child that the kernel stops before each rename, sync and removal in a folder, to be killed there.

seccomp's user notification (seccomp_unotify(2), Linux 5.5) asks the parent before each of these system calls of any
thread, so those of every library count, whatever it is written in: Delta's commit is a link or a rename of its log
entry, SQLite's is the syncs of its file and the removal of its journal.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import select
import signal
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ON_HANDLE, ON_PATH, ON_NEW_PATH = "handle", "path", "new path"
_KINDS = {"fsync": ON_HANDLE, "fdatasync": ON_HANDLE, "unlink": ON_PATH, "rename": ON_NEW_PATH, "link": ON_NEW_PATH}
_NUMBERS = {
    "x86_64": {74: "fsync", 75: "fdatasync", 82: "rename", 86: "link", 87: "unlink"}
    | {263: "unlinkat", 264: "renameat", 265: "linkat", 316: "renameat2"},
    "aarch64": {82: "fsync", 83: "fdatasync", 35: "unlinkat", 38: "renameat", 37: "linkat", 276: "renameat2"},
}
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_FILTER, _NEW_LISTENER, _NO_NEW_PRIVILEGES = 1, 8, 38
_LOAD_NUMBER, _JUMP_IF_EQUAL, _RETURN, _ALLOW, _ASK = 0x20, 0x15, 0x06, 0x7FFF0000, 0x7FC00000
_RECEIVE, _SEND, _CONTINUE = 0xC0502100, 0xC0182101, 1
_LONGEST_PATH = 4096


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("k", ctypes.c_uint))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


@dataclass
class Watched:
    """A running child, where its result can be read, and which calls it came to, each as `fsync tables/…`."""

    process: int
    answer: int
    listener: int | None
    folder: Path
    kill_at: int
    calls: list[str] = field(default_factory=list)

    def until_end(self) -> bytes:
        """Let the child go on from call to call until it ends or is killed; what it answered."""
        said = b""
        while True:
            handles = [self.answer] if self.listener is None else [self.answer, self.listener]
            ready = select.select(handles, [], [])[0]
            if self.listener in ready:
                self._decide()
            elif part := os.read(self.answer, 65536):
                said += part
            else:
                break
        for handle in handles:
            os.close(handle)
        return said

    def _decide(self) -> None:
        """Kill the child instead of its `kill_at`-th call, the first being 1; let it make every other."""
        assert self.listener is not None
        asked = bytearray(80)
        try:
            fcntl.ioctl(self.listener, _RECEIVE, asked)
        except OSError:  # it died before it could be heard
            os.close(self.listener)
            self.listener = None
            return
        call, thread, _flags, number, _machine, _at, *arguments = struct.unpack("=QIIiIQ6Q", asked)
        path = Path(os.path.normpath(_path(thread, _NUMBERS[platform.machine()][number], arguments)))
        if path.is_relative_to(self.folder):
            self.calls.append(f"{_NUMBERS[platform.machine()][number]} {path.relative_to(self.folder)}")
            if len(self.calls) == self.kill_at:
                os.kill(self.process, signal.SIGKILL)
                return
        fcntl.ioctl(self.listener, _SEND, bytearray(struct.pack("=QqiI", call, 0, 0, _CONTINUE)))


def fork_watched(task: Callable[[], bytes], folder: Path, kill_at: int | None) -> Watched:
    """Start `task` in a fork; with `kill_at` None it is not watched, with 0 it is and gets through."""
    reading, writing = os.pipe()
    here, there = socket.socketpair()
    process = os.fork()
    if process == 0:
        os.close(reading)
        if kill_at is not None:
            socket.send_fds(there, [b"!"], [_listener()])
        os.write(writing, task())
        os._exit(0)
    os.close(writing)
    there.close()
    listener = None if kill_at is None else socket.recv_fds(here, 1, 1)[1][0]
    here.close()
    return Watched(process, reading, listener, folder.resolve(), kill_at or 0)


def _listener() -> int:
    """Have the calls of this process, and of all that it starts, asked about on the handle that is given back."""
    numbers = list(_NUMBERS[platform.machine()])
    instructions = [_Instruction(_LOAD_NUMBER, 0, 0, 0)]
    instructions += [_Instruction(_JUMP_IF_EQUAL, len(numbers) - at, 0, n) for at, n in enumerate(numbers)]
    instructions += [_Instruction(_RETURN, 0, 0, _ALLOW), _Instruction(_RETURN, 0, 0, _ASK)]
    program = _Program(len(instructions), (_Instruction * len(instructions))(*instructions))
    kernel = ctypes.CDLL(None, use_errno=True)
    kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    handle: int = kernel.syscall(_SECCOMP[platform.machine()], _SET_FILTER, _NEW_LISTENER, ctypes.byref(program))
    if handle < 0:
        raise OSError(ctypes.get_errno(), "seccomp refused; killing at a call needs Linux 5.5 and the right to filter")
    return handle


def _path(thread: int, call: str, arguments: list[int]) -> Path:
    """The file that a call is about; of a rename or link the new name."""
    kind, memory = _KINDS[call.removesuffix("2").removesuffix("at")], Path(f"/proc/{thread}")
    if kind == ON_HANDLE:
        return (memory / f"fd/{arguments[0]}").readlink()
    by_handle = call.removesuffix("2").endswith("at")
    at = (1 if by_handle else 0) + (0 if kind == ON_PATH else 2 if by_handle else 1)
    handle = ctypes.c_int(arguments[at - 1] & 0xFFFFFFFF).value if by_handle else -1
    base = memory / (f"fd/{handle}" if handle >= 0 else "cwd")
    return base.readlink() / _text(memory / "mem", arguments[at])


def _text(memory: Path, address: int) -> str:
    """A path in the memory of a stopped thread; read page by page, since the next page may not be there."""
    text = b""
    with memory.open("rb", buffering=0) as pages:
        while b"\0" not in text and len(text) < _LONGEST_PATH:
            pages.seek(address + len(text))
            text += pages.read(_LONGEST_PATH - (address + len(text)) % _LONGEST_PATH)
    return os.fsdecode(text.partition(b"\0")[0])
