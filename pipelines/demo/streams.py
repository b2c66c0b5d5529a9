"""Random numbers that depend on names and rows, never on how far a run goes."""

import hashlib

import numpy as np
from numpy.typing import NDArray

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # splitmix64's increment


def _key(seed: int, words: tuple[object, ...]) -> int:
    text = "/".join([str(seed), *map(str, words)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def stream(seed: int, *words: object) -> np.random.Generator:
    """Open the generator that belongs to a seed and a name.

    Parameters
    ----------
    seed : int
        Seed of the whole company.
    *words : object
        Name of the draw, such as ``"deals", 14``; the same words give the same
        numbers whatever else was drawn before.

    Returns
    -------
    numpy.random.Generator
        A fresh generator; equal seeds and words give equal generators.

    Examples
    --------
    >>> bool(stream(7, "deals", 3).random() == stream(7, "deals", 3).random())
    True
    """
    return np.random.Generator(np.random.PCG64(_key(seed, words)))


def uniform_of(seed: int, word: str, rows: NDArray[np.integer]) -> NDArray[np.float64]:
    """Draw one uniform number per row that stays with the row for ever.

    Parameters
    ----------
    seed : int
        Seed of the whole company.
    word : str
        Name of the draw.
    rows : (n,) integer, >= 0
        Row numbers; order and neighbours do not matter.

    Returns
    -------
    (n,) float64 in [0, 1)
        The same row always gets the same number.

    Notes
    -----
    Splitmix64 of the row number under a key made from seed and word [1]_.

    References
    ----------
    .. [1] Steele, Lea & Flood, "Fast Splittable Pseudorandom Number Generators",
       OOPSLA 2014, doi:10.1145/2660193.2660195.

    Examples
    --------
    >>> a = uniform_of(7, "late", np.array([1, 2, 3]))
    >>> bool((a[::-1] == uniform_of(7, "late", np.array([3, 2, 1]))).all())
    True
    """
    key = np.uint64(_key(seed, (word,)))
    with np.errstate(over="ignore"):  # wrapping is the method
        mixed = key + (rows.astype(np.uint64) + np.uint64(1)) * GOLDEN
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal_of(seed: int, word: str, rows: NDArray[np.integer]) -> NDArray[np.float64]:
    """Draw one nearly normal number per row: the sum of four uniforms, scaled.

    Examples
    --------
    >>> drawn = normal_of(7, "size", np.arange(10_000))
    >>> bool(abs(drawn.mean()) < 0.03 and abs(drawn.std() - 1) < 0.03)
    True
    """
    total = sum(uniform_of(seed, f"{word} {k}", rows) for k in range(4))
    normal: NDArray[np.float64] = (np.asarray(total) - 2.0) * np.sqrt(3.0)
    return normal
