"""The road loops: pure functions from tokens to the day's published figures."""
