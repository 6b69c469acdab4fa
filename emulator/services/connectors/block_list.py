"""The list of blocks that a blob is made of, as clients of Azure Blob Storage send it in XML.

Source: Azure Storage REST API, Put Block List. It has no document type, and so no entities but
those of XML itself: whatever declares some is refused before they are.
"""

from __future__ import annotations

from xml.parsers import expat

_ROOT = "BlockList"
_LONGEST_NAME = 1_000
_KINDS = ("Latest", "Uncommitted", "Committed")


class BlockListError(ValueError):
    """What was sent is not a list of blocks."""


def read_block_list(content: bytes) -> list[str]:
    """Return the names of the blocks, in their order.

    Raises:
        BlockListError: It is not well-formed, or has other elements.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise BlockListError(str(error)) from None
    return reader.blocks


class _Reader:
    """Takes what the parser finds."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self._open: list[str] = []

    def refuse(self, *declared: object) -> None:
        raise BlockListError("it has a document type")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        is_known = name in _KINDS if self._open == [_ROOT] else not self._open and name == _ROOT
        if not is_known:
            raise BlockListError(f"it has an element {name[:60]}")
        if self._open:
            self.blocks.append("")
        self._open.append(name)

    def end(self, name: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        if len(self._open) > 1:
            self.blocks[-1] += text
            if len(self.blocks[-1]) > _LONGEST_NAME:
                raise BlockListError("the name of a block is too long")
