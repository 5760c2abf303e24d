"""What an actor can do, looking included: access first, then one module per noun."""
