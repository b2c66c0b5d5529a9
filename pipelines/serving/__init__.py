"""The faces people and programs see: commands and pages."""
