"""Forecasts a planner can bet on: frames in, estimators and frames out.

Pure: no files, no environment, no clock, no warehouse. Every random draw takes a
seed, and every estimator sees only the rows it is given.
"""
