"""Raw to clean to metrics, in chunks of bounded memory."""

import os

# Arrow's own allocator keeps what it frees, in each process; it is chosen when Arrow is loaded.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
