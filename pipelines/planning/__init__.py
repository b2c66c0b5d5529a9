"""From facts to a proposed plan: inputs, forecasts, the cycle, re-plans."""
