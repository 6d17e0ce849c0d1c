"""Where runs, events and the facts about assets are kept: one database, one transaction per change.

Read next: ``open`` (the door), ``sqlite`` (the store), ``database`` (connections and transactions),
``migrations`` (the tables), ``logs`` (text of steps, as files). Decides nothing about runs.
"""
