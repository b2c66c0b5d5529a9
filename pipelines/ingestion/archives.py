"""Zip archives of one file or many: each file in it is an extract of its own."""

import zipfile
from pathlib import Path, PurePosixPath


def members(path: Path) -> list[str]:
    """List the files in a zip archive, sorted; what systems add for themselves is not.

    Returns
    -------
    list of str
        Empty where the path is no zip archive or cannot be read as one: reading it
        then says what is wrong.
    """
    if path.suffix.lower() != ".zip":
        return []
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [one.filename for one in archive.infolist() if not one.is_dir()]
    except (OSError, zipfile.BadZipFile):
        return []
    return sorted(one for one in inside if _is_data(one))


def _is_data(member: str) -> bool:
    parts = PurePosixPath(member).parts
    return "__MACOSX" not in parts and not parts[-1].startswith(".")
