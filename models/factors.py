"""Factors: the few things behind many indicators, named by what loads on them, for a person who judges a screening."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.indicator_month import DIGITS, Floats, IndicatorMonth, mean_correlation

ITERATIONS = 500


@dataclass(frozen=True)
class Factor:
    """One factor: its name, the share of all the indicators' variance it explains, and the loading of each of them."""

    name: str
    share: float
    loadings: Mapping[str, float]

    def loads(self, least: float) -> dict[str, float]:
        """The indicators that load on it by at least so much either way, strongest first."""
        strong = [(name, loading) for name, loading in self.loadings.items() if abs(loading) >= least]
        return dict(sorted(strong, key=lambda loaded: (-abs(loaded[1]), loaded[0])))


def find_factors(
    months: Sequence[IndicatorMonth], names: Sequence[str], angles: Mapping[str, str], most: int
) -> tuple[Factor, ...]:
    """Factors of the named indicators (numbers only), varimax rotated, the one that explains most first.

    Factor analysis sees its rows through their correlations alone, so it gets the mean of the months' rank
    correlations in the shape of rows that have just these: some hundred instead of tens of thousands. As many factors
    as the eigenvalues that lie above those of noise (Marchenko and Pastur, 1967), at most `most`. The months show the
    same people, so noise is that of one month's customers.
    """
    held = {months[0].names[place] for place in months[0].numbers}
    numbers = [name for name in names if name in held]
    if len(numbers) < 2:
        return ()
    values, vectors = np.linalg.eigh(mean_correlation(months, numbers))
    noise = (1 + np.sqrt(len(numbers) / min(month.customers for month in months))) ** 2
    wanted = min(int((values > noise).sum()), most, len(numbers) - 1)
    if wanted == 0:
        return ()
    return _named(_loadings(_square_root(values, vectors), wanted), numbers, angles)


def _square_root(values: Floats, vectors: Floats) -> Floats:
    """A square root of the correlations with these eigenvalues and eigenvectors, one column per indicator.

    Correlations of pairs that are known of different customers need not fit together: some eigenvalues may be
    negative. Without these the variances are above 1 and loadings could be, so they are brought back to 1.
    """
    half = (vectors * np.sqrt(np.maximum(values, 0.0))).T
    return np.asarray(half / np.linalg.norm(half, axis=0))


def _loadings(half: Floats, wanted: int) -> Floats:
    """Loadings (indicators, factors) after varimax; `half` is a square root of the correlations."""
    from sklearn.decomposition import FactorAnalysis
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    rows = np.concatenate([half, -half]) * np.sqrt(len(half))  # mean zero, covariance half' half
    with threadpool_limits(1), warnings.catch_warnings():
        # Two indicators that say nearly the same leave one no variance of its own, which is approached for ever.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = FactorAnalysis(wanted, rotation="varimax", svd_method="lapack", max_iter=ITERATIONS).fit(rows)
    return np.asarray(fitted.components_.T)


def _named(loadings: Floats, names: Sequence[str], angles: Mapping[str, str]) -> tuple[Factor, ...]:
    explained = (loadings**2).sum(axis=0)
    factors = []
    for place in np.argsort(-explained.round(DIGITS), kind="stable"):
        column = loadings[:, place]
        column = column * np.sign(column[np.abs(column).argmax()])
        held = {name: round(float(loading), DIGITS) for name, loading in zip(names, column, strict=True)}
        factors.append(Factor(_name(held, angles), round(float(explained[place]) / len(names), DIGITS), held))
    return tuple(factors)


def _name(loadings: Mapping[str, float], angles: Mapping[str, str]) -> str:
    """The angle that loads most on it in all, and the indicator that loads most."""
    by_angle: dict[str, float] = {}
    for name, loading in loadings.items():
        by_angle[angles[name]] = by_angle.get(angles[name], 0.0) + loading**2
    angle = max(sorted(by_angle), key=lambda angle: by_angle[angle])
    return f"{angle}: {max(loadings, key=lambda name: abs(loadings[name]))}"
