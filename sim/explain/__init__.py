"""One task explained: bids, scores, prices, outcomes."""
