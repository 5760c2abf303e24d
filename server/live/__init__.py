"""Delivery: bus, hub, subscriptions and presence; no SQL and no rules."""
