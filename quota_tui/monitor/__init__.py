"""Where it all meets: stores and sources in, one Snapshot out."""
