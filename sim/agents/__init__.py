"""How an agent bids, remembers and works: policies, retries, menus of budgets, processes of its own."""
