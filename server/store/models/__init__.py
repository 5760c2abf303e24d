"""Tables as Tortoise models, one module per noun."""
