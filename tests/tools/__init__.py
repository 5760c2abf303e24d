"""The checks of the house, checked."""
