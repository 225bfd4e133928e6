"""Rules as machine code: a rule written for NumPy is called once with symbols, and what it did becomes a loop."""
