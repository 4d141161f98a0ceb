"""Benchmarks: what the program costs against the bare engines, with the commands that measured it."""
