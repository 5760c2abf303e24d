"""Rules, by tables and properties, without a database."""
