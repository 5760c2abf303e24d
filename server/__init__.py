"""The server: rules, storage, live delivery and the doors to them."""
