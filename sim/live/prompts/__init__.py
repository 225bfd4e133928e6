"""Prompts: the templates of what agents, judges and planners are asked, and the JSON that they are to answer with.

One template for all agents of a market: a market whose agents are asked in different words compares the words.
"""

from sim.live.prompts.shapes import SHAPES, Shape
from sim.live.prompts.template import FIELDS, Filled, Prompt, dollars, template

__all__ = ["FIELDS", "SHAPES", "Filled", "Prompt", "Shape", "dollars", "template"]
