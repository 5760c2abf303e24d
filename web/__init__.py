"""Pages: console, reader and portal, the widget and what they load."""
