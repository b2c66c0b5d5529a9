"""Forecasts of ramp, productivity, attrition, bookings and potential."""
