"""Diffusion, knowing nothing of singing: noise, schedules and samplers that call back at each step.

``noise`` and ``schedule`` need NumPy alone, so that a trace can be replayed where torch is absent.
"""
