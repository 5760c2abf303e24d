"""Delivery: gaps, slow clients, slices, and the lines behind the hub."""
