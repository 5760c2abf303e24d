"""The doors: JSON endpoints, the socket and its fall-back; parse, act, format."""
