"""Data sets on disk -> one table of singers, files, splits and licences."""
