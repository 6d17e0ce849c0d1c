"""Planning: definitions and a selection become an immutable plan of steps.

Pure: touches no disk, net, thread or clock, and never calls user code.
"""
