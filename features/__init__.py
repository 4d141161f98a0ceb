"""Features: an operator's raw monthly tables become one row of indicators per customer and month."""


class HoldfastError(Exception):
    """A problem a person can mend: its text says what, which value and what to do, in one line."""


class FeaturesError(HoldfastError):
    """A problem in sources, contracts, the warehouse or the feature table."""
