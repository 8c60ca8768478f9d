"""The review of a change: rounds of passes on the synchronous lane."""
