"""The contract as data: documents, rules, editions, error catalogues, and who judges by them."""

from emulator.contract.judge import Edition, Finding, Lookup
from emulator.contract.loader import Contract, ContractError, load_contract
from emulator.contract.model import Answer, Document, Operation, ProblemEntry, Rule

__all__ = [
    "Answer",
    "Contract",
    "ContractError",
    "Document",
    "Edition",
    "Finding",
    "Lookup",
    "Operation",
    "ProblemEntry",
    "Rule",
    "load_contract",
]
