"""Pure codecs: frames and bus events to values and back, status and close codes."""
