"""One dialect per module, without input or output: bytes to events, commands to bytes."""
