"""What users write: ops, graphs, jobs, assets, resources and what belongs to them.

Everything here is a frozen value or makes one; what must run something goes through ``port``.
"""
