"""Which row of a listing is which entry: the keys by which they meet, likeness, neighbours, matching. All pure."""
