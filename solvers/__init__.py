"""Optimisation with proof: arrays in, a frozen result out; no files, no clock."""
