"""The bridge to the smart stacks: links, drivers, commands out and events in."""
