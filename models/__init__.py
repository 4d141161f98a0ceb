"""Models: from the feature table to calibrated churn propensities and the evidence that they can be trusted."""

from features import HoldfastError


class ModelsError(HoldfastError):
    """A problem in training, evaluating or registering a model."""
