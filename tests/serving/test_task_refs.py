from __future__ import annotations

from features.months import Month
from serving.task_refs import task_refs

MARCH = Month(2025, 3)
KEY = b"k" * 32


def test_a_reference_is_the_keyed_hash_of_month_and_customer():
    # printf 'task|2025-03|ann' | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
    assert task_refs(KEY, MARCH, ["ann"]) == ["td73c22aed98e98cc"]


def test_another_customer_month_or_key_gives_another_reference():
    (ann,) = task_refs(KEY, MARCH, ["ann"])
    others = [
        *task_refs(KEY, MARCH, ["bob"]),
        *task_refs(KEY, MARCH + 1, ["ann"]),
        *task_refs(b"l" * 32, MARCH, ["ann"]),
        *task_refs(None, MARCH, ["ann"]),
    ]
    assert len({ann, *others}) == 5


def test_references_are_the_same_each_time_and_in_the_order_asked():
    ann, bob = task_refs(KEY, MARCH, ["ann", "bob"])
    assert task_refs(KEY, MARCH, ["bob", "ann"]) == [bob, ann]


def test_a_reference_is_never_taken_for_a_number():
    assert all(not reference[0].isdigit() and len(reference) == 17 for reference in task_refs(None, MARCH, ["1", "2"]))
