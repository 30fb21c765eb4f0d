"""The choice of what serves: contest, out-of-sample forecasts, gates, winner and promotion."""
