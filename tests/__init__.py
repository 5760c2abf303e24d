"""The suite; mirrors the rooms."""
