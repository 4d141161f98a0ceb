"""Infra: what stands around the program: settings, source mappings, the simulator, benchmarks, locks."""
