"""Say what pydantic found wrong with a file, in words for whoever wrote it."""

from pydantic import ValidationError

from data_contracts.places import place_of


def faults_of(error: ValidationError, whole: str) -> list[str]:
    """List each broken value with its place.

    Parameters
    ----------
    error : ValidationError
    whole : str
        What to call the file where the fault is not in one key, e.g. "the mapping".
    """
    return [
        f"{'.'.join(map(str, place_of(fault))) or whole}: "
        f"{fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors()
    ]
