"""The loop over due rows: offers, leases, outbox, retention, figures."""
