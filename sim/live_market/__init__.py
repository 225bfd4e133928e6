"""Markets of live agents: the source that asks them, the one that holds what they answered, and how both are played."""
