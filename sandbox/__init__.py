"""The offline clouds and the real Pulumi engine, for machines without cloud accounts.

Nothing of the product imports this package, and it is not part of the wheel. `python -m sandbox
--help` lists what it does; `make up` and `make down` call it. Everything it makes lies below one
folder (see `paths.py`), and its servers listen on the loopback interface only.
"""
