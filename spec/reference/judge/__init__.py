"""A second verifier, written from the pages of spec/ and from nothing else: see ../verify.py.

One module for each noun of the specification; each function names the rule that it follows. A reader raises `Refused`
where a rule says that the bytes fail. Python's standard library and `cryptography`, which serves for the arithmetic of
signatures only: what spec/07-keys.md demands beyond it is checked here.
"""
