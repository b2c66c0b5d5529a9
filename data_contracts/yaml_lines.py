"""Find the lines of values in YAML text, so that a fault can be pointed at."""

from collections.abc import Sequence

import yaml


def line_of(node: yaml.Node | None, place: Sequence[str | int]) -> int:
    """Find the line of a value in the YAML tree, or of its nearest parent.

    Parameters
    ----------
    node : yaml.Node or None
        The composed document.
    place : sequence of str and int
        Keys and list positions that lead to the value.

    Examples
    --------
    >>> line_of(yaml.compose("{a: 1, b: [{c: 2}]}", yaml.SafeLoader), ["b", 0, "c"])
    1
    """
    line = node.start_mark.line + 1 if node is not None else 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == step]
            if not found:
                return line
            key, node = found[0]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def repeated_keys(node: yaml.Node | None) -> list[tuple[int, str]]:
    """Return the line and name of every key that a mapping holds a second time.

    YAML readers keep the last one and say nothing.

    Examples
    --------
    >>> repeated_keys(yaml.compose("{a: 1, b: 2, a: 3}", yaml.SafeLoader))
    [(1, 'a')]
    """
    found: list[tuple[int, str]] = []
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                found.append((key.start_mark.line + 1, str(key.value)))
            seen.add(key.value)
            found += repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            found += repeated_keys(value)
    return sorted(found)
