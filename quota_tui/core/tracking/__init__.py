"""A plan in work: which phase, what it took, how that compares."""
