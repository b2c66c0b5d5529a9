"""The code location: everything under ``defs``, run in one process."""

from pathlib import Path

import dagster as dg

from pipelines import threads

threads.one_each()  # before any of the definitions loads numpy
defs = dg.Definitions.merge(
    dg.load_from_defs_folder(path_within_project=Path(__file__).parent),
    # measured: the multiprocess executor costs ten times the CPU of this one
    dg.Definitions(executor=dg.in_process_executor),
)
