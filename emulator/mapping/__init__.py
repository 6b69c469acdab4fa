"""The mapping language of Data Prep: parsed once, compiled to functions, applied to rows.

A pure part: it knows neither HTTP nor the store nor any service. Time and seed are handed in.
`docs/reference/mapping-language.md` describes the language, and what of it is assumed.
"""

from emulator.mapping.compiler import Expression, compile_expression, validate
from emulator.mapping.context import Context
from emulator.mapping.errors import MappingError
from emulator.mapping.mapping import CompiledMapping, Failure, Mapped, compile_mapping_set
from emulator.mapping.parser import MAX_LENGTH, RESERVED_LISTS

__all__ = [
    "MAX_LENGTH",
    "RESERVED_LISTS",
    "CompiledMapping",
    "Context",
    "Expression",
    "Failure",
    "Mapped",
    "MappingError",
    "compile_expression",
    "compile_mapping_set",
    "validate",
]
