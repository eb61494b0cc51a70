"""A client of Gatehouse for Python 3.9 or later: logs in, keeps the tokens, refreshes
once for many callers, repeats a refused request once, logs out.

Copy this file; it needs only the standard library.

    gatehouse = Gatehouse("https://auth.example.com")
    gatehouse.login("ada", "seven quiet otters at dawn")
    response = gatehouse.request("GET", "/me")

One `Gatehouse` may be used by any number of threads. `AsyncGatehouse` has the same
methods for asyncio. For another HTTP library, `access_token()` returns a valid token.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import http.client
import json as jsonlib
import os
import re
import secrets
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from email.message import Message
from typing import Any, ContextManager, Iterable, Iterator, Mapping, Optional, Protocol
from urllib.parse import urlsplit

ATTEMPTS = 3
"""How often a refresh or a logout is sent if there is no response, or a 5xx."""
WAIT = 1.0
"""Seconds between two attempts, if the service does not say."""
LONGEST_WAIT = 5.0
"""The longest that a caller waits for another attempt, in seconds."""
EARLY = 30.0
"""Refreshes that many seconds early, or a tenth of the lifetime if that is less."""


@dataclass(frozen=True)
class Tokens:
    """What a storage keeps. It holds secrets, which its `repr` leaves out."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    requested_at: float
    """When the tokens were requested: seconds since 1970, by this machine's clock."""
    sub: str
    """The user's id."""
    refresh_key: Optional[str] = field(default=None, repr=False)
    """The `Idempotency-Key` of a refresh whose response has not arrived."""

    def is_usable(self, refused: Optional[str] = None) -> bool:
        """True if the access token is valid for a while, and not the refused one."""
        age = time.time() - self.requested_at
        early = min(EARLY, self.expires_in / 10)
        # A negative age: the clock was set back.
        return self.access_token != refused and 0 <= age < self.expires_in - early


class Storage(Protocol):
    """Where the tokens are kept. Write your own for a database or a keyring."""

    def load(self) -> Optional[Tokens]: ...

    def save(self, tokens: Optional[Tokens]) -> None:
        """Replaces the tokens; `None` removes them."""

    def lock(self) -> ContextManager[Any]:
        """Excludes everyone else who refreshes the same tokens."""


class MemoryStorage:
    """Keeps the tokens in this process. Processes must not share them: after a fork,
    each of them would refresh, and the second one would look like a thief."""

    def __init__(self) -> None:
        self._tokens: Optional[Tokens] = None
        self._lock = threading.Lock()

    def load(self) -> Optional[Tokens]:
        return self._tokens

    def save(self, tokens: Optional[Tokens]) -> None:
        self._tokens = tokens

    def lock(self) -> ContextManager[Any]:
        return self._lock


class FileStorage:
    """Keeps the tokens in a file that only its owner can read, for any number of
    processes on one machine. Needs `fcntl`: Linux, macOS."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)

    def load(self) -> Optional[Tokens]:
        try:
            with open(self._path, encoding="utf-8") as file:
                return Tokens(**jsonlib.load(file))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            # From None: the error would quote the text.
            raise GatehouseError(f"{self._path} holds no tokens: delete it") from None

    def save(self, tokens: Optional[Tokens]) -> None:
        if tokens is None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)
            return
        # A crash leaves the old tokens or the new ones, never a part.
        new = f"{self._path}.{secrets.token_hex(8)}"
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            jsonlib.dump(asdict(tokens), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self._path)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        import fcntl

        # Opened each time, so that it excludes threads as well as processes.
        with open(os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT, 0o600)) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class GatehouseError(Exception):
    """A request that failed. No token is in its message."""

    def __init__(self, message: str, reply: Optional[Response] = None) -> None:
        super().__init__(message)
        self.status = reply.status if reply else 0
        """The status of the response; 0 if there was none."""
        self.code = reply.code() if reply else ""
        """The code in the response, such as `invalid_credentials`; empty if it has none."""
        self.retry_after = reply.retry_after() if reply else None
        """After how many seconds to try again, if the service said so."""


class LoggedOut(GatehouseError):
    """The session has ended, or there is none: the user must log in."""


@dataclass(frozen=True)
class Response:
    """A response, whatever its status."""

    status: int
    headers: Message = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """Parses the body."""
        return jsonlib.loads(self.body)

    def fields(self) -> dict[str, Any]:
        """Parses a JSON object; returns an empty one if the body is anything else."""
        try:
            fields = self.json()
        except ValueError:
            return {}
        return fields if isinstance(fields, dict) else {}

    def code(self) -> str:
        """Returns the code of an error, or an empty text."""
        fields = self.fields()
        code = fields.get("code", fields.get("error"))
        return code if isinstance(code, str) and re.fullmatch("[a-z_]{1,64}", code) else ""

    def retry_after(self) -> Optional[int]:
        """Returns the seconds of `Retry-After`, if there is one."""
        seconds = self.headers.get("Retry-After") or ""
        return int(seconds) if re.fullmatch("[0-9]{1,9}", seconds) else None

    def refuses_token(self) -> bool:
        """True if a new token may be accepted: the gateway says only `{"message": …}`.
        Another 403 means that the user may not do this."""
        if self.status == 401:
            return self.code() in ("", "unauthorized", "invalid_token")
        return self.status == 403 and [name.lower() for name in self.fields()] == ["message"]


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """urllib would send the access token to wherever it is redirected."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


class Gatehouse:
    """A logged-in user of one service."""

    def __init__(
        self,
        url: str,
        storage: Optional[Storage] = None,
        *,
        origins: Iterable[str] = (),
        timeout: float = 10.0,
    ) -> None:
        """`url` is the API's URL, with its stage if it has one. `origins` are others that
        get the access token, such as your own API. `timeout` is in seconds."""
        self._url = url.rstrip("/")
        self._storage: Storage = MemoryStorage() if storage is None else storage
        self._origins = {_origin(each) for each in (url, *origins)}
        self._timeout = timeout
        self._mutex = threading.Lock()
        self._refreshing: Optional[Future[Tokens]] = None

    def login(self, username: str, password: str, scope: Optional[str] = None) -> None:
        """Logs in. It is not repeated: a failure has `status`, `code`, `retry_after`."""
        body = {"username": username, "password": password}
        if scope is not None:
            body["scope"] = scope
        with self._storage.lock():
            requested_at = time.time()
            response = self._post("/login", body)
            self._storage.save(_tokens("/login", response, requested_at))

    def request(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        body: Optional[bytes] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Response:
        """Sends a request with the access token; `url` may be a path of the service. If
        the token is refused, refreshes and sends the request once more."""
        request = self._prepared(method, url, json, body, headers)
        tokens = self._current()
        response = self._authorised(request, tokens)
        if not response.refuses_token():
            return response
        renewed = self._current(tokens.access_token)
        # Someone else has logged in since: the request was not theirs.
        return self._authorised(request, renewed) if renewed.sub == tokens.sub else response

    def access_token(self, refused: Optional[str] = None) -> str:
        """Returns a valid access token; not `refused`, which a service refused."""
        return self._current(refused).access_token

    def logout(self) -> None:
        """Ends the session. The tokens are removed even if this fails; then the session
        may still exist at the service."""
        with self._storage.lock():
            tokens = self._storage.load()
            if tokens is None:
                return
            try:
                response = self._repeat("/revoke", {"token": tokens.refresh_token})
                if response.status != 200:
                    raise _refusal("/revoke", response)
            finally:
                self._storage.save(None)

    def _current(self, refused: Optional[str] = None) -> Tokens:
        """Returns the stored tokens, after a refresh if they are not usable."""
        tokens = self._storage.load()
        while tokens is None or not tokens.is_usable(refused):
            refreshing, is_ours = self._join()
            if is_ours:
                self._lead(refreshing, refused)
            tokens = refreshing.result()
            if tokens.access_token != refused:
                break
        return tokens

    def _join(self) -> tuple[Future[Tokens], bool]:
        """Returns the refresh that all callers wait for, and whether to carry it out."""
        with self._mutex:
            if self._refreshing is not None:
                return self._refreshing, False
            self._refreshing = Future()
            # A caller that is cancelled must not cancel it for the others.
            self._refreshing.set_running_or_notify_cancel()
            return self._refreshing, True

    def _lead(self, refreshing: Future[Tokens], refused: Optional[str]) -> None:
        try:
            tokens = self._refresh(refused)
        except Exception as error:
            self._leave()
            refreshing.set_exception(error)
        except BaseException:
            self._leave()
            refreshing.set_exception(GatehouseError("the refresh was interrupted"))
            raise
        else:
            self._leave()
            refreshing.set_result(tokens)

    def _leave(self) -> None:
        with self._mutex:
            self._refreshing = None

    def _refresh(self, refused: Optional[str]) -> Tokens:
        with self._storage.lock():
            stored = self._storage.load()
            if stored is None:
                raise LoggedOut("not logged in")
            # Another process has refreshed while this one waited.
            if stored.is_usable(refused):
                return stored
            if stored.refresh_key is None:
                # Stored first: whoever repeats this refresh, after a crash for example,
                # must send the same key, or it looks like a thief with an old token.
                stored = replace(stored, refresh_key=secrets.token_urlsafe(16))
                self._storage.save(stored)
            requested_at = time.time()
            body = {"refresh_token": stored.refresh_token}
            response = self._repeat("/refresh", body, stored.refresh_key)
            if response.status == 400 and response.code() == "invalid_grant":
                self._storage.save(None)
                raise LoggedOut("the session has ended", response)
            tokens = _tokens("/refresh", response, requested_at)
            self._storage.save(tokens)
            return tokens

    def _repeat(self, path: str, body: Mapping[str, str], key: Optional[str] = None) -> Response:
        """Sends a request until there is a response other than a 5xx."""
        for attempt in range(1, ATTEMPTS + 1):
            wait = WAIT
            try:
                response = self._post(path, body, key)
                wait = response.retry_after() or WAIT
                if response.status < 500 or attempt == ATTEMPTS or wait > LONGEST_WAIT:
                    return response
            except GatehouseError:
                if attempt == ATTEMPTS:
                    raise
            time.sleep(wait)
        raise AssertionError("unreachable")

    def _post(self, path: str, body: Mapping[str, str], key: Optional[str] = None) -> Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        request = self._prepared("POST", path, body, None, headers)
        try:
            response = self._send(request)
        except (OSError, http.client.HTTPException) as error:
            raise _no_response(path) from error
        # Half a response is none.
        if response.status == 200 and path != "/revoke" and not response.fields():
            raise _no_response(path)
        return response

    def _prepared(
        self,
        method: str,
        url: str,
        json: Any,
        body: Optional[bytes],
        headers: Optional[Mapping[str, str]],
    ) -> urllib.request.Request:
        url = self._url + url if url.startswith("/") else url
        if _origin(url) not in self._origins:
            raise ValueError(f"{_origin(url)} does not get the token: add it to `origins`")
        request = urllib.request.Request(url, body, dict(headers or {}), method=method)
        if json is not None:
            request.data = jsonlib.dumps(json).encode()
            request.add_header("Content-Type", "application/json")
        return request

    def _authorised(self, request: urllib.request.Request, tokens: Tokens) -> Response:
        request.add_header("Authorization", f"Bearer {tokens.access_token}")
        return self._send(request)

    def _send(self, request: urllib.request.Request) -> Response:
        try:
            with _OPENER.open(request, timeout=self._timeout) as reply:
                return Response(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as reply:
            with reply:
                return Response(reply.code, reply.headers, reply.read())


class AsyncGatehouse:
    """`Gatehouse` for asyncio: any number of tasks wait for one refresh. A task that is
    cancelled does not stop the refresh that others wait for."""

    def __init__(self, url: str, storage: Optional[Storage] = None, **options: Any) -> None:
        self._threads = Gatehouse(url, storage, **options)

    async def login(self, username: str, password: str, scope: Optional[str] = None) -> None:
        await asyncio.to_thread(self._threads.login, username, password, scope)

    async def request(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        body: Optional[bytes] = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Response:
        request = self._threads._prepared(method, url, json, body, headers)
        tokens = await self._current()
        response = await asyncio.to_thread(self._threads._authorised, request, tokens)
        if not response.refuses_token():
            return response
        renewed = await self._current(tokens.access_token)
        if renewed.sub != tokens.sub:
            return response
        return await asyncio.to_thread(self._threads._authorised, request, renewed)

    async def access_token(self, refused: Optional[str] = None) -> str:
        return (await self._current(refused)).access_token

    async def logout(self) -> None:
        await asyncio.to_thread(self._threads.logout)

    async def _current(self, refused: Optional[str] = None) -> Tokens:
        tokens = self._threads._storage.load()
        while tokens is None or not tokens.is_usable(refused):
            refreshing, is_ours = self._threads._join()
            if is_ours:
                lead = (refreshing, refused)
                threading.Thread(target=self._threads._lead, args=lead).start()
            tokens = await asyncio.wrap_future(refreshing)
            if tokens.access_token != refused:
                break
        return tokens


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the URL must begin with https:// or http://, or be a path")
    return f"{parts.scheme}://{parts.hostname}:{parts.port or parts.scheme}"


def _tokens(path: str, response: Response, requested_at: float) -> Tokens:
    """Reads the tokens of a response."""
    if response.status != 200:
        raise _refusal(path, response)
    fields = response.fields()
    access_token = _token(path, fields.get("access_token"))
    refresh_token = _token(path, fields.get("refresh_token"))
    expires_in = fields.get("expires_in")
    if not isinstance(expires_in, int):
        raise _no_response(path)
    return Tokens(access_token, refresh_token, expires_in, requested_at, _subject(access_token))


def _token(path: str, value: Any) -> str:
    """Accepts text that is safe in a header: an error of http.client would quote it."""
    if isinstance(value, str) and re.fullmatch(r"[\w.~+/=-]+", value, re.ASCII):
        return value
    raise _no_response(path)


def _subject(access_token: str) -> str:
    """Reads the claim `sub` without verifying the token, which the service does."""
    try:
        payload = access_token.split(".")[1]
        return str(jsonlib.loads(base64.urlsafe_b64decode(payload + "=="))["sub"])
    except (ValueError, LookupError, TypeError):
        raise GatehouseError("the access token has no subject") from None


def _refusal(path: str, response: Response) -> GatehouseError:
    return GatehouseError(f"{path} returned {response.status} {response.code()}".strip(), response)


def _no_response(path: str) -> GatehouseError:
    return GatehouseError(f"{path} returned no valid response")
