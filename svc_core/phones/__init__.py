"""What is sung, sound by sound: labels -> phones -> their times -> a content encoder that learns them -> probes."""
