"""What a plan will take: tokens, hours and money, each with a range, learned from past sessions."""
