"""A small Spark session for the tests that are marked `spark`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from features.spark_session import spark_session


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """Spark on two local threads, as the engine `spark` starts it."""
    session = spark_session(threads=2)
    yield session
    session.stop()
