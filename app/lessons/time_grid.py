"""Lesson: to be written."""

from app.parts.lesson import lesson

with lesson("time_grid"):
    pass
