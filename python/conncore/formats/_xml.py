"""Reads XML as a stream of elements, without entities and document types."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn
from xml.parsers import expat

from conncore.errors import ConnectomeError
from conncore.formats._files import Source
from conncore.formats._unpack import brief

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str, str], None]


class XmlReader:
    """Calls back at each start and end of an element.

    The reader refuses a document type, because it could define entities that fill the memory.

    Parameters
    ----------
    source : Source
        The file.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._parser = expat.ParserCreate()

    def parse(self, start: Start, end: End | None = None) -> None:
        """Read the file. `start` and `end` get names without a namespace, `end` also the text."""
        text: list[str] = []

        n_elements = 0

        def started(name: str, attributes: dict[str, str]) -> None:
            nonlocal n_elements
            n_elements += 1
            if n_elements > 4 * self.source.most_rows:
                raise self.error(f"there are more than {n_elements - 1} elements up to here")
            text.clear()
            start(name.rpartition(":")[2], attributes)

        def ended(name: str) -> None:
            if end is not None:
                end(name.rpartition(":")[2], "".join(text))
            text.clear()

        def refuse(*_: object) -> NoReturn:
            raise self.error("there is a document type; remove the line, it is not needed")

        self._parser.buffer_text = True
        self._parser.StartElementHandler = started
        self._parser.EndElementHandler = ended
        self._parser.CharacterDataHandler = text.append
        self._parser.StartDoctypeDeclHandler = refuse
        self._parser.EntityDeclHandler = refuse
        try:
            self._parser.Parse(self.source.content, True)
        except ConnectomeError:
            raise
        except expat.ExpatError as error:
            message = expat.errors.messages[error.code]
            line = f"line {error.lineno}, column {error.offset + 1}"
            raise self.source.error(f"{line}: this is not XML ({message})") from None
        except (LookupError, ValueError) as error:  # Python does not know the encoding
            raise self.source.error(f"this XML cannot be read ({brief(error)})") from None

    @property
    def line(self) -> int:
        """The line that is being read."""
        return self._parser.CurrentLineNumber

    def error(self, message: str) -> ConnectomeError:
        """An error at the place that is being read."""
        return self.source.error(f"line {self.line}: {message}")
