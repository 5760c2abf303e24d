"""What operators see of a running process: logs and figures, and never a word of what was said."""
