"""What all CityFlow services agree on: calendar, settings, contracts, storage."""

import os

# NumPy's linear algebra would start a thread a core, though nothing here multiplies a matrix: a
# tenth of a second of every command, and memory.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# No plugin of Pydantic is used: to look for one, each command would read what is said of every
# installed package.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
