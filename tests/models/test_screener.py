from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from features.feature_months import FeatureSet, feature_set_at
from features.month_ledger import MonthLedger
from features.months import Month
from models.backtest import training_table
from models.business_list import BusinessList
from models.screener import Screened, Screener
from models.screening import CONSTANT, Dropped, Screening, ScreeningSettings
from tests.made_operator import CHURN, NOW, deliver, ledger_in, made_months
from tests.models.test_backtest import backtest_on

TABLES = made_months(customers=300, months=5)
APRIL = Month(2025, 4)
MATURE = [Month(2025, 1), Month(2025, 2), Month(2025, 3)]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> MonthLedger:
    ledger = ledger_in(tmp_path_factory.mktemp("delivered") / "tables")
    deliver(ledger, TABLES)
    return ledger


def screener_on(ledger: MonthLedger, current: Screened | None = None) -> Screener:
    return Screener(ledger, ScreeningSettings(), BusinessList(("bill_amount_mean_3",)), NOW, current)


def wanted_on(ledger: MonthLedger) -> FeatureSet:
    return feature_set_at(ledger, APRIL, CHURN, "test")


def registered(wanted: FeatureSet, as_of: str, kept: tuple[str, ...] = ("bill_amount_last",)) -> Screened:
    return Screened(Screening(as_of, wanted.id, ("2025-01",), (300,), kept, ()), version=3)


def test_a_screening_tells_its_month_its_months_and_its_thresholds(delivered: MonthLedger):
    screening = screener_on(delivered).fit(wanted_on(delivered), MATURE, APRIL)
    assert (screening.as_of, screening.feature_set) == ("2025-04", wanted_on(delivered).id)
    assert screening.months == ("2025-01", "2025-02", "2025-03")
    assert screening.thresholds["max_correlation"] == 0.95
    assert {"tenure_months", "bill_amount_mean_3"} <= set(screening.kept)
    assert "suspended" in {one.name for one in screening.dropped}


def test_one_month_alone_drops_nothing_that_it_could_not_tell_of(delivered: MonthLedger):
    """Else a screening of the first month would keep every window out of the trainings of years."""
    january = screener_on(delivered).fit(wanted_on(delivered), MATURE[:1], APRIL)
    assert {"bill_amount_change_1", "bill_amount_mean_3", "usage_data_last"} <= set(january.kept)
    assert {"bill_amount_change_1", "bill_amount_mean_3", "usage_data_last"} <= set(january.not_judged)
    assert "bill_amount_last" not in january.not_judged
    march = screener_on(delivered).fit(wanted_on(delivered), MATURE, APRIL)
    assert "bill_amount_mean_3" not in march.not_judged
    assert {"bill_amount_mean_6", "usage_data_last"} <= set(march.not_judged)


def test_a_training_says_in_a_line_what_it_rests_on():
    dropped = (Dropped("rare", CONSTANT, 1.0),)
    screening = Screening("2025-04", "abc", ("2025-01",), (300,), ("one", "six"), dropped, not_judged=("six",))
    told = "rests on screening version 3 as of 2025-04 (1 month): 2 of 3 indicators, 1 of them not judged yet"
    assert Screened(screening, 3).in_words(MATURE, APRIL) == told
    assert Screened(screening, 3).in_words([*MATURE, APRIL], APRIL) == (
        f"{told}; 3 more months are mature: screen anew with holdfast screen --as-of 2025-04"
    )
    judged = dataclasses.replace(screening, months=("2025-01", "2025-02"), not_judged=())
    assert Screened(judged).in_words(MATURE, APRIL) == (
        "rests on screening of its own as of 2025-04 (2 months): 2 of 3 indicators"
    )


def test_what_came_later_changes_no_bit_of_it(delivered: MonthLedger, tmp_path: Path):
    """Neither later scoring months, nor corrections that came after the last one that was mature."""
    expected = screener_on(delivered).fit(wanted_on(delivered), MATURE, APRIL).to_json()
    noisy = ledger_in(shutil.copytree(delivered.warehouse.tables, tmp_path / "tables"))
    noise = made_months(customers=300, months=5, seed=8)
    deliver(noisy, noise, ["2025-04", "2025-05"])
    deliver(noisy, noise, ["2025-02", "2025-03"], known_since="2025-05")
    assert screener_on(noisy).fit(wanted_on(noisy), MATURE, APRIL).to_json() == expected


def test_other_months_may_give_another_result(delivered: MonthLedger):
    """The test above would pass if nothing but the names were looked at."""
    wanted = wanted_on(delivered)
    january, all_three = (screener_on(delivered).fit(wanted, months, APRIL) for months in (MATURE[:1], MATURE))
    assert january.kept != all_three.kept


@pytest.mark.parametrize(("as_of", "version"), [("2025-03", 3), ("2025-04", 3), ("2025-05", 0)])
def test_a_registered_screening_is_used_unless_it_is_of_a_later_month(delivered: MonthLedger, as_of: str, version: int):
    wanted = wanted_on(delivered)
    screened = screener_on(delivered, registered(wanted, as_of)).screened(wanted, MATURE, APRIL)
    assert screened.version == version
    assert screened.facts()["as_of"] == ("2025-04" if version == 0 else as_of)


def test_a_registered_screening_of_other_indicators_is_not_used(delivered: MonthLedger):
    wanted = wanted_on(delivered)
    other = registered(wanted, "2025-03")
    other = Screened(dataclasses.replace(other.screening, feature_set="another"), 3)
    assert screener_on(delivered, other).screened(wanted, MATURE, APRIL).version == 0


def columns_with(ledger: MonthLedger, screener: Screener | None) -> tuple[str, ...]:
    test = dataclasses.replace(backtest_on(ledger), screener=screener)
    return training_table(test, APRIL, 1, wanted_on(ledger)).encoding.columns


def test_training_learns_from_the_kept_indicators_that_are_known(delivered: MonthLedger):
    current = registered(wanted_on(delivered), "2025-04", ("bill_amount_last", "brand", "usage_data_last"))
    assert columns_with(delivered, screener_on(delivered, current)) == ("brand", "bill_amount_last")


def test_without_a_registered_screening_training_makes_its_own_and_without_a_screener_takes_all(delivered: MonthLedger):
    own, everything = columns_with(delivered, screener_on(delivered)), columns_with(delivered, None)
    assert set(own) < set(everything)
    assert "suspended" in set(everything) - set(own)


def test_the_figures_of_a_month_are_worked_out_once(delivered: MonthLedger):
    screener = screener_on(delivered)
    assert screener.figures(wanted_on(delivered), MATURE[0]) is screener.figures(wanted_on(delivered), MATURE[0])
