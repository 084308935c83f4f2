"""The address of a server that speaks OpenAI's protocol, as people give it."""

from urllib.parse import SplitResult, urlsplit

from neuro_aolo.formulate.model import ModelError
from neuro_aolo.systems.wording import shown

KEY_VARIABLE = "NEURO_AOLO_LLM_KEY"
"""Of the environment: where the key is told, and nowhere else."""

_PATH = "/chat/completions"
_LIKE = "give one such as http://127.0.0.1:8080"


def chat_address(url: str) -> str:
    """Where chats are completed.

    Args:
        url: of the server, of its ``/v1``, or of its ``/chat/completions``.

    Raises:
        ModelError: it is no such address.
    """
    parts = _parts(url)
    path = parts.path.rstrip("/")
    if not path.endswith(_PATH):
        path = f"{path}{_PATH}" if path.endswith("/v1") else f"{path}/v1{_PATH}"
    return parts._replace(path=path, fragment="").geturl()


def server_of(url: str) -> str:
    """The server alone, to be shown: what else an address holds may be private.

    Raises:
        ModelError: it is no such address.
    """
    parts = _parts(url)
    return f"{parts.scheme}://{parts.netloc}"


def _parts(url: str) -> SplitResult:
    if not isinstance(url, str):
        raise ModelError(f"the address {shown(url)} is no text: {_LIKE}")
    public = shown(url.partition("?")[0])
    # What is taken out silently before an address is split must not be in it.
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ModelError(f"the address {public} holds a space or a letter that none may: {_LIKE}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ModelError(f"the address {public} is none ({error}): {_LIKE}") from None
    if "@" in parts.netloc:
        raise ModelError(f"the address holds a user or a password: give the key in {KEY_VARIABLE} alone")
    if parts.scheme not in ("http", "https"):
        raise ModelError(f"the address {public} begins with neither http:// nor https://: {_LIKE}")
    if not host or port == 0:
        raise ModelError(f"the address {public} names no server: {_LIKE}")
    return parts
