"""Configuration: what can be set, and how the values come together."""
