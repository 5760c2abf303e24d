"""Load: speaks to a running server over sockets only and imports nothing of ours."""
