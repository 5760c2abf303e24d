"""Rules as functions of values: standard library only, no clock, no chance, no input or output."""
