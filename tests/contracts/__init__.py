"""One suite for each contract, run against everything that claims to keep it."""
