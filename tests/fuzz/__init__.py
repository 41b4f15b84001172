"""Damaged and hostile inputs for every reader of foreign data.

A reader may refuse what it is given by the errors that it documents, and by nothing else, within a second and
200 MB. Inputs are not noise, which the first check refuses: they are whole files with a part bent (bytes.py), values
replaced (values.py, tables.py) or sizes overstated (arrays.py). ``python -m tests.fuzz`` gives each reader thousands.
"""
