"""A loopback Messages and Batches API, as strict as the real one, with an offline brain: for demo, tests, benchmarks.

An independent witness: built from the API's description alone, it imports nothing of the rooms that it stands against.
"""

from reviewer.simulator.answer import Answer, ToolUse
from reviewer.simulator.behaviour import Behaviour, Brain, Fault, Limits
from reviewer.simulator.records import Call, Totals
from reviewer.simulator.server import Simulator

__all__ = ["Answer", "Behaviour", "Brain", "Call", "Fault", "Limits", "Simulator", "ToolUse", "Totals"]
