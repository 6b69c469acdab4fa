"""The contract as data: documents, rules, editions, error catalogues.

Who judges by it is `contract.judge`, which brings the checks along; it is imported apart, because
the start does not need it.
"""

from emulator.contract.loader import Contract, load_contract
from emulator.contract.model import Answer, Document, Mute, Neighbour, Operation, ProblemEntry, Rule
from emulator.contract.reading import ContractError

__all__ = [
    "Answer",
    "Contract",
    "ContractError",
    "Document",
    "Mute",
    "Neighbour",
    "Operation",
    "ProblemEntry",
    "Rule",
    "load_contract",
]
