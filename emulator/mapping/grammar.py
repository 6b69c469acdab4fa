r"""The grammar of the mapping language, for Lark's LALR parser.

The operators, their rank and what may be repeated are those of Apache Commons JEXL, whose syntax
reference the API's list of operators quotes word by word. A comparison cannot be chained, as there.
Names and escapes are those of the Data Prep pages: `${First Name}`, `${First\.Name}`,
`street\.name`.
"""

GRAMMAR = r"""
?start: expression

?expression: disjunction
    | disjunction "?" expression ":" expression       -> choice
    | disjunction "?:" expression                     -> elvis
?disjunction: conjunction (_OR conjunction)*
?conjunction: bit_or (_AND bit_or)*
?bit_or: bit_xor | bit_or BAR bit_xor                 -> binary
?bit_xor: bit_and | bit_xor CARET bit_and             -> binary
?bit_and: equality | bit_and AMPERSAND equality       -> binary
?equality: relation | relation EQUALITY relation      -> binary
?relation: sum | sum RELATION sum                     -> binary
?sum: product | sum SIGN product                      -> binary
?product: unary | product FACTOR unary                -> binary
?unary: postfix | (SIGN | NOT | TILDE) unary          -> unary

?postfix: atom
    | postfix "." name                                -> member
    | postfix "." NAME "(" arguments ")"              -> method
    | postfix "[" expression "]"                      -> item
    | postfix "[" "*" "]"                             -> each
?atom: "(" expression ")"
    | name                                            -> attribute
    | NAME "(" arguments ")"                          -> call
    | NUMBER                                          -> number
    | TEXT                                            -> text
    | WORD                                            -> word
    | OPEN_ARRAY [expression ("," expression)*] "]"   -> array
    | OPEN_MAP [entry ("," entry)*] "}"               -> map
entry: disjunction ":" expression
arguments: [argument ("," argument)*]
?argument: expression | NAME "->" expression          -> lambda_
!name: NAME | WRAPPED

_OR.3: /\|\||or(?![\w$])/
_AND.3: /&&|and(?![\w$])/
BAR: "|"
CARET: "^"
AMPERSAND: "&"
EQUALITY: /==|!=|(?:eq|ne)(?![\w$])/
RELATION: /<=|>=|<|>|=~|!~|(?:lt|le|gt|ge)(?![\w$])/
SIGN: /[+-](?!>)/
FACTOR: /[*\/%]|(?:div|mod)(?![\w$])/
NOT.2: /!(?!=)|not(?![\w$])/
TILDE: "~"
OPEN_ARRAY: "["
OPEN_MAP: "{"
WORD.2: /(?:true|false|null)(?![\w$])/
NUMBER: /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[lLfFdDbBhH]?(?![\w$])/
TEXT: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/s
WRAPPED.2: /\$\{(?:[^}\\]|\\.)+\}/
NAME: /(?:[^\W\d]|\$(?!\{)|\\.)(?:\w|\$(?!\{)|\\.)*/
%ignore /\s+/
"""
