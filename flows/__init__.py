"""Flows: names and order of the monthly work, and the command line that starts it."""
