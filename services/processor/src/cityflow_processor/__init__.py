"""Raw to clean to metrics, in chunks of bounded memory."""
