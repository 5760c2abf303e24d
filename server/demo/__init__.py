"""A lively alliance of made-up people at real member libraries, to try everything with."""
