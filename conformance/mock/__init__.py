"""``verikit mock``: a small server that keeps the contract without models, or breaks it by name.

It knows two faces, those of the suite's own portraits, by comparing pictures. It serves tests of
clients and of the suite itself; it says nothing about how well faces can be told apart.
"""
