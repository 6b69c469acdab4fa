"""The query languages of the services' lists, one module each: parsing and matching, nothing else.

They are apart from the services because the contract's checks parse filters too.
"""
