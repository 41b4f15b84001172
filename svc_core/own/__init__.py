"""A visitor's own recording: read with care, looked at, and converted, one request after another."""
