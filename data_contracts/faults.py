"""Say what pydantic found wrong with a file, in words for whoever wrote it."""

from pydantic import ValidationError


def faults_of(error: ValidationError, whole: str) -> list[str]:
    """List each broken value with its place.

    Parameters
    ----------
    error : ValidationError
    whole : str
        What to call the file where the fault is not in one key, e.g. "the mapping".
    """
    return [
        f"{'.'.join(map(str, fault['loc'])) or whole}: "
        f"{fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors()
    ]
