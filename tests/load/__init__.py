"""Many learners at once, without a browser: python -m tests.load prints their waiting and what the server used."""
