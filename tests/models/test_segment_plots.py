from __future__ import annotations

import numpy as np

from models.segment_plots import heat_map, stability_curves
from models.segment_stability import Clusters, Stability
from models.segments import Axis, BrandSegments
from tests.models.made_segments import BILL, VOICE

AXES = tuple(Axis(column, False, 0.0, 1.0, 0.0, 1.0) for column in (BILL, VOICE))
RED = BrandSegments("Red", AXES, ((1.0, 1.0), (-1.0, -1.0)), ("high bill", "low bill"))
ALL = BrandSegments(None, AXES[:1], ((0.0,),), ("the whole brand",))
CONTRASTS = [np.array([[1.0, 1.0], [-1.0, -0.01]]), np.array([[0.0]])]
FOUND = (Stability(2, 0.9, 0.8, 1.0, 0.7), Stability(3, 0.4, -0.1, 0.6, 1.2))
CLUSTERS = Clusters(np.zeros((2, 2)), np.zeros(5, dtype=np.int64), FOUND, 0.5, "")
ONE = Clusters(np.zeros((1, 1)), np.zeros(5, dtype=np.int64), FOUND, None, "one segment")
PNG = b"\x89PNG\r\n\x1a\n"


def test_the_heat_map_is_a_png_and_the_same_every_time():
    picture = heat_map([RED, ALL], CONTRASTS)
    assert picture.startswith(PNG)
    assert heat_map([RED, ALL], CONTRASTS) == picture
    assert heat_map([RED, ALL], [-CONTRASTS[0], CONTRASTS[1]]) != picture


def test_the_stability_curves_are_a_png_and_the_same_every_time():
    picture = stability_curves({"Red": CLUSTERS, None: ONE}, 0.8)
    assert picture.startswith(PNG)
    assert stability_curves({"Red": CLUSTERS, None: ONE}, 0.8) == picture
    assert stability_curves({"Red": CLUSTERS, None: ONE}, 0.7) != picture


def test_a_brand_in_chinese_is_drawn_without_a_warning():
    assert heat_map([BrandSegments("神州行", AXES, RED.centroids, RED.labels)], CONTRASTS[:1]).startswith(PNG)
