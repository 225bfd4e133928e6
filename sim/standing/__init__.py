"""What the allocator knows of each agent: reputations, expected costs, advice, records."""
