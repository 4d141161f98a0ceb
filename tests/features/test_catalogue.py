"""Catalogue: a feature set's id changes with what is in it and its order, and with nothing else."""

from __future__ import annotations

import dataclasses

from features.catalogue import Indicator, feature_set_id

BILL = Indicator("bill", "billing", "currency", "The bill of the latest month.", 1, "bills")
BRAND = Indicator("brand", "customer record", "", "Brand of the plan.", 1, "customers", "category")


def test_the_id_is_twelve_digits_that_stay() -> None:
    assert feature_set_id([BILL, BRAND]) == "ddfa63784e55"
    assert feature_set_id(iter((BILL, BRAND))) == feature_set_id([BILL, BRAND])


def test_the_id_changes_with_order_members_and_any_part_of_a_definition() -> None:
    changed = [dataclasses.replace(BILL, **{part: value}) for part, value in (("window", 3), ("meaning", "Else."))]
    ids = {feature_set_id(members) for members in ([BILL, BRAND], [BRAND, BILL], [BILL], *([each] for each in changed))}
    assert len(ids) == 5
