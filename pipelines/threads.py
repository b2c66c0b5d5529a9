"""How many threads numeric kernels take: one each, however the process was started.

Their pools spin while they wait. On two busy cores one small regression took 30 times
as long with two threads as with one; work is shared out by process and query instead.
"""

from os import environ  # set here before the kernels load, never read
from typing import Final

_KERNELS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


def one_each() -> None:
    """Give each kernel one thread, unless whoever started the process said otherwise.

    Call it before numpy is imported: the kernels look once, when they are loaded.
    """
    for name in _KERNELS:
        environ.setdefault(name, "1")
