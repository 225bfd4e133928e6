"""The front door in Python: what `import bidlab` gives beside the rules and the types.

Beside the command line it is the only room that imports `analysis`, and only once a result is asked for.
"""
