"""Simulator: an invented operator that stands in for the outside world in tests, benchmarks and the demo."""
