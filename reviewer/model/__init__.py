"""The model's API: lanes, limits, retries, wire format."""
