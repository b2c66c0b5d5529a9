"""Wiring: assets, checks, sensors and schedules around the use cases. No rules here."""
