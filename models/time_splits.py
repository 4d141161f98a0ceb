"""Time splits: which scoring months train, stop and calibrate a model, each with enough leavers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from features.months import Month


@dataclass(frozen=True)
class TimeSplits:
    """Scoring months of training, early stopping and calibration, in this order of time; or a fallback.

    With too few leavers for three parts, `stopping` and `calibration` are empty, `train` holds every month
    and `note` says so: rounds are then fixed and calibration uses customer-grouped out-of-fold scores.
    """

    train: tuple[Month, ...]
    stopping: tuple[Month, ...] = ()
    calibration: tuple[Month, ...] = ()
    note: str = ""

    @property
    def fallback(self) -> bool:
        return not self.calibration


def split_months(leavers: Mapping[Month, int], min_events: int, horizon: int = 1) -> TimeSplits:
    """Split scoring months so that each part holds at least `min_events` leavers.

    The latest months calibrate, those before stop the training early (and calibrate too, see `churn`), the rest
    trains: calibration should be nearest to the month that will be scored. Parts are whole months, since the same
    customer a month apart is nearly the same row, and `horizon` months apart, since a leaver is one in that many
    months running: with the very leavers of the training in it, the stopping month let 379 trees grow instead of
    152, and AUC at horizon 3 fell from 0.779 to 0.770 (simulated operator, 8,000 customers).
    """
    months = sorted(leavers)
    calibration, rest = _latest(months, leavers, min_events)
    stopping, rest = _latest(_well_before(calibration, rest, horizon), leavers, min_events)
    train = _well_before(stopping, rest, horizon)
    if train and all(sum(leavers[m] for m in part) >= min_events for part in (train, stopping, calibration)):
        return TimeSplits(tuple(train), tuple(stopping), tuple(calibration))
    apart = f", {horizon} months apart" if horizon > 1 else ""
    note = (
        f"{sum(leavers.values())} leavers in {len(months)} month{'s' * (len(months) != 1)} do not give three parts "
        f"of {min_events}{apart}: fixed rounds, calibrated on customer-grouped out-of-fold scores"
    )
    return TimeSplits(tuple(months), note=note)


def _well_before(part: list[Month], earlier: list[Month], horizon: int) -> list[Month]:
    """The earlier months in which nobody's leaving is the same event as in `part`."""
    return [month for month in earlier if month.until(part[0]) >= horizon]


def _latest(months: list[Month], leavers: Mapping[Month, int], wanted: int) -> tuple[list[Month], list[Month]]:
    """The fewest latest months that hold `wanted` leavers, and the months before them."""
    taken = 0
    for place in range(len(months) - 1, -1, -1):
        taken += leavers[months[place]]
        if taken >= wanted:
            return months[place:], months[:place]
    return months, []
