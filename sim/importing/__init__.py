"""Results that people have: files of any usual form, by a small mapping, as a recorded table."""
