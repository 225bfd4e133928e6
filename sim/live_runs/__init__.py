"""What is made of live runs that are finished: recorded tables, and other rules on the same bids."""
