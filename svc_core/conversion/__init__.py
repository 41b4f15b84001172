"""One phrase and one singer -> one conversion, and everything a trace keeps of it."""
