"""From extract files to raw rows and reference rows."""
