"""bidlab's simulator: scenario -> World -> mechanism -> event market -> ledger.

arrays        Bids, Tender, Standing, Award, settle: the types every engine speaks
world         everything luck decides; recorded builds one from a table, with the named draws of draws
mechanisms    the rules, their registry and their promises
market        the event market of one replication; simulate plays all of them
ledger        what happened, row by row
scenario      a TOML file, checked; execute runs it into a folder, run reads the folder
"""
