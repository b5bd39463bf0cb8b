"""Plans as people write them: markdown with a title, a status and phases."""
