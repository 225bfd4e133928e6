"""The event market: what happens to tasks, as processes on a virtual clock.

processes      principal, allocator and agent; rounds
moment         the order in which things happen
desk           what is read at a posting and a clearing: slots, exclusions, standing, accounts
source, drawn  where bids and outcomes come from: the protocol, and a World
agent          agents with processes of their own; participants: their bids among the others
tasks          what principals want done, and what the allocator knows beforehand
allocator, knowledge, rounds, books, wealth, open_task, tape
"""
