"""The narrow waist: protocols and message values that plugin authors see.

Imports only what stands below; nothing here does any work.
"""
