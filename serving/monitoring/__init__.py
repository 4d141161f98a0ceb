"""Monitoring: whether the customers of a month are still those that the model learned from."""
