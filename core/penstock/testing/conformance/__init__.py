"""The conformance kit: what a plugin must do, as tests that its author inherits.

One module a kind of plugin, named as the kind. Subclass its class, give it one fixture that
returns a fresh subject, and every promise of the contract is tested. Must not import a plugin.
"""
