"""Serving: from customer scores to the lists that retention teams work."""

from features import HoldfastError


class ServingError(HoldfastError):
    """A problem in scoring a month or writing its lists."""
