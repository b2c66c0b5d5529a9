"""Words and promises of the system; imports nothing of ours."""
