"""Real servers for tests: PostgreSQL, Valkey, SMTP and a browser, started on loopback."""
