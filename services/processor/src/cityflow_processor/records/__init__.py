"""What the small datasets share: pure functions from published texts to one table a service day."""
