"""Every random number comes from a stream named by (seed, purpose, keys): never from the run.

So a day's content depends on the seed and the day alone. Streams yield uniform numbers and
everything is built from them by + - * / and square roots, which are exact on every machine.
"""

import zlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def stream(seed: int, purpose: str, *keys: int) -> np.random.Generator:
    """An independent generator for (seed, purpose, keys); all integers must be ≥ 0."""
    entropy = [seed, zlib.crc32(purpose.encode()), *keys]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def bell(rng: np.random.Generator, *shape: int) -> Floats:
    """Bell-shaped noise of mean 0 and variance 1, within ±3.47: a sum of four uniforms."""
    total = rng.random(shape)
    for _ in range(3):
        total += rng.random(shape)
    return (total - 2.0) * 1.7320508075688772


def between(rng: np.random.Generator, low: float, high: float, *shape: int) -> Floats:
    """Uniform numbers in [low, high)."""
    return low + (high - low) * rng.random(shape)
