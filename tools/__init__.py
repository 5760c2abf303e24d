"""The checks of the house: run by `make check`."""
