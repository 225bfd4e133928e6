"""Populations: who the agents are, what they can do and believe."""
