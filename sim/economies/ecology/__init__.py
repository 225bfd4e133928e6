"""Entry, exit and reproduction of agents that live on what a task market pays them.

ecology_settings.py   the table [ecology] of a scenario, and what a task pays
roster.py             who lives: slots, founders, exits, and children
generations.py        one generation after the other, each with its World and market, and every amount for the accounts
ecology.py            measures; the economy of that name
"""
