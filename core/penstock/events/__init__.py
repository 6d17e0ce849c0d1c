"""What happened in runs: values, their codec, their folds and their public view.

Imports nothing above; touches no disk, net, thread or clock.
"""
