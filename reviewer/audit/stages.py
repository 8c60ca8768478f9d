"""The stages of an audit in their order, by the names that the state keeps; three of them are rounds of questions."""

PLAN, SAMPLE, FILES, INTEGRATION, VERIFY, REPORT = "plan", "sample", "files", "integration", "verify", "report"
FOLLOWING = {FILES: INTEGRATION, INTEGRATION: VERIFY, VERIFY: REPORT}
"""What comes after each round."""
