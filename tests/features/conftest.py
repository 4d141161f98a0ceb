"""A small Spark session for the tests that are marked `spark`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from features.spark_session import spark_session

# Compiling hundreds of expressions does not pay for a handful of customers: half the time goes without.
UNCOMPILED = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
}


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """Spark on two local threads, as the engine `spark` starts it."""
    with pytest.MonkeyPatch.context() as patch:
        options = [f"--conf {option}={value}" for option, value in UNCOMPILED.items()]
        patch.setenv("PYSPARK_SUBMIT_ARGS", f"{' '.join(options)} pyspark-shell")
        session = spark_session(threads=2)
        assert session.conf.get("spark.sql.codegen.wholeStage") == "false"
        yield session
    session.stop()
