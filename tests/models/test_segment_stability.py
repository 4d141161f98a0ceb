from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from models.segment_stability import CONTINUUM, find_clusters
from models.segments import SegmentSettings

QUICK = SegmentSettings(max_k=4, pairs=6, min_customers=100, stability_rows=300)


def cloud(rows: int, *centres: tuple[float, ...], spread: float = 0.5, seed: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(centre, spread, (rows, len(centre))) for centre in centres])


THREE = cloud(300, (0, 0, 0), (5, 0, 0), (0, 5, 5))
TRUTH = np.repeat([0, 1, 2], 300)


def test_planted_groups_are_found():
    found = find_clusters(THREE, QUICK, seed=1)
    assert len(found.centroids) == 3
    assert adjusted_rand_score(TRUTH, found.places) > 0.99
    assert found.chosen is not None
    assert found.chosen.mean > 0.99
    assert found.chosen.spread < 0.5
    assert found.silhouette is not None
    assert found.silhouette > 0.7
    assert found.note == ""


def test_segments_are_numbered_from_the_highest_on_the_first_axis():
    centroids = find_clusters(THREE, QUICK, seed=1).centroids
    assert (np.diff(centroids[:, 0]) <= 0).all()
    assert centroids[0, 0] == pytest.approx(5, abs=0.2)


def test_one_blob_is_not_cut():
    found = find_clusters(cloud(800, (0, 0, 0)), QUICK, seed=1)
    assert len(found.centroids) == 1
    assert set(found.places) == {0}
    assert max(one.mean for one in found.stabilities) < 0.8
    assert found.note.startswith("one segment: no number of segments is stable")


def test_a_long_cloud_is_cut_but_said_to_be_a_continuum():
    found = find_clusters(cloud(800, (0, 0, 0)) * [6, 1, 1], QUICK, seed=1)
    assert len(found.centroids) >= 2
    assert found.note == CONTINUUM


def test_fewer_customers_than_the_setting_are_one_segment():
    found = find_clusters(THREE, dataclasses.replace(QUICK, min_customers=901), seed=1)
    assert len(found.centroids) == 1
    assert found.note == "one segment: fewer than 901 customers"


def test_without_an_indicator_there_is_one_segment():
    found = find_clusters(np.empty((500, 0)), QUICK, seed=1)
    assert (found.centroids.shape, found.note) == ((1, 0), "one segment: no indicator is known and varies")


def test_no_segment_is_smaller_than_the_setting():
    lopsided = np.concatenate([cloud(600, (0, 0), (5, 0)), cloud(20, (0, 40))])
    sizes = np.bincount(find_clusters(lopsided, dataclasses.replace(QUICK, min_share=0.05), seed=1).places)
    assert sizes.min() >= 0.05 * 1220


def test_no_segment_has_fewer_than_ten_customers():
    lopsided = np.concatenate([cloud(600, (0, 0), (5, 0)), cloud(9, (0, 40))])
    assert np.bincount(find_clusters(lopsided, dataclasses.replace(QUICK, min_share=0), seed=1).places).min() >= 10


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_changes_no_bit(threads: int):
    expected = find_clusters(THREE, QUICK, seed=1)
    with threadpool_limits(threads):
        found = find_clusters(THREE, QUICK, seed=1)
    assert found.centroids.tobytes() == expected.centroids.tobytes()
    assert found.places.tobytes() == expected.places.tobytes()
    assert found.stabilities == expected.stabilities


def test_all_customers_alike_are_one_segment():
    assert len(find_clusters(np.zeros((400, 2)), QUICK, seed=1).centroids) == 1
