"""Real servers for tests: PostgreSQL, Valkey, SMTP and a browser, started on loopback.

They come out of wheels (the browser out of the system), so that `make test` needs nothing installed. A
machine that cannot run one of them skips its tests; where that is no excuse (CI sets SHUQIAO_NO_SKIP=1) they
fail instead.
"""
