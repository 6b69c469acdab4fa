"""The query languages of the services' lists, one module each: parsing and matching, nothing else.

They stand apart from the services because the contract's checks read filters too.
"""
