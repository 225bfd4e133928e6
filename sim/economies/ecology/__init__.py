"""Entry, exit and reproduction of agents that live on what a task market pays them.

ecology_settings.py   the table [ecology] of a scenario
bounty_price.py       what a task pays
roster.py             who lives: slots, founders, exits
offspring.py          who has children, and what they are like
epoch_market.py       a generation's World and market
generations.py        one generation after the other, and every amount for the accounts
ecology.py            measures; the economy of that name
"""
