"""Proposals of plan versions."""
