"""From raw bytes to one part a service day: chunked, resumable, bounded in memory."""
