"""What may be said of samples: percentiles of calls, intervals around them, and whether two figures differ."""
