"""Runs one scenario with docs/clients/gatehouse.py: gatehouse_client.py KIND SCENARIO.

KIND is `threads` (a Gatehouse whose callers are threads) or `asyncio` (an
AsyncGatehouse). Standard input: {"url", "username", "password", "other"}; `url` is a
relay in front of the service, and `other` is another user's name. Prints every error and
object that a program might log: gatehouse_client.rs looks for tokens in the output.
"""

import asyncio
import json
import os
import stat
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[2] / "docs/clients"))

from gatehouse import (  # noqa: E402
    AsyncGatehouse, FileStorage, Gatehouse, GatehouseError, LoggedOut, MemoryStorage,
)

KIND, SCENARIO = sys.argv[1:3]
INPUT = json.load(sys.stdin)
URL, USERNAME, PASSWORD = INPUT["url"], INPUT["username"], INPUT["password"]
POOL = ThreadPoolExecutor(100)


class ManyThreads:
    """A Gatehouse whose every call is made by another thread."""

    def __init__(self, url, storage):
        self.client = Gatehouse(url, storage)

    def __getattr__(self, name):
        method = getattr(self.client, name)
        return lambda *args, **named: asyncio.get_running_loop().run_in_executor(
            POOL, lambda: method(*args, **named))


def connect(storage):
    return (AsyncGatehouse if KIND == "asyncio" else ManyThreads)(URL, storage)


def expire(storage):
    storage.save(replace(storage.load(), requested_at=0.0))


def send(method, path, body=None, token=None):
    """Sends a request without the client; returns the status."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def equal(actual, expected):
    assert actual == expected, f"expected {expected}, got {actual}"


async def is_accepted(client):
    equal((await client.request("GET", "/protected")).status, 200)


async def hundred(call):
    await asyncio.gather(*(call(index) for index in range(100)))


async def fails(work, kind=GatehouseError):
    try:
        await work
    except kind as error:
        print(repr(error), str(error), vars(error))
        traceback.print_exc()
        return error
    raise AssertionError("it did not fail")


class Scenarios:
    def __init__(self):
        self.storage = MemoryStorage()
        self.client = connect(self.storage)

    async def log_in(self):
        await self.client.login(USERNAME, PASSWORD)

    async def many_callers(self):
        await self.log_in()
        expire(self.storage)
        await hundred(lambda _: is_accepted(self.client))

    async def many_clients(self):
        clients = [connect(self.storage) for _ in range(10)]
        await self.log_in()
        expire(self.storage)
        await hundred(lambda index: is_accepted(clients[index % 10]))

    async def many_processes(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tokens"
            storage = FileStorage(path)
            await connect(storage).login(USERNAME, PASSWORD)
            expire(storage)
            equal(stat.S_IMODE(path.stat().st_mode), 0o600)
            command = [sys.executable, __file__, KIND, "one_of_many_processes"]
            environment = {**os.environ, "TOKENS": str(path)}
            processes = [subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)
                         for _ in range(10)]
            for process in processes:
                process.stdin.write(json.dumps(INPUT).encode())
                process.stdin.close()
            equal([process.wait() for process in processes], [0] * 10)
            equal(sorted(os.listdir(folder)), ["tokens", "tokens.lock"])

    async def one_of_many_processes(self):
        client = connect(FileStorage(os.environ["TOKENS"]))
        await asyncio.gather(*(is_accepted(client) for _ in range(10)))

    async def many_refused(self):
        await self.log_in()
        send("POST", "/revoke", {"token": self.storage.load().access_token})
        await hundred(lambda _: is_accepted(self.client))

    async def refused(self):
        await self.log_in()
        denied = await self.client.request("GET", "/admin")
        equal((denied.status, denied.json()["code"]), (403, "insufficient_scope"))
        wrong = {"current_password": "wrong", "new_password": "no matter what this is"}
        unknown = await self.client.request("PUT", "/me/password", json=wrong)
        equal((unknown.status, unknown.json()["code"]), (401, "invalid_credentials"))
        send("POST", "/revoke", {"token": self.storage.load().access_token})
        response = await self.client.request("POST", "/logout", json={"scope": "others"})
        equal(response.status, 204)

    async def always_refused(self):
        await self.log_in()
        response = await self.client.request("GET", "/me")
        equal((response.status, response.json()), (403, {"message": "Forbidden"}))

    async def lost(self):
        await self.log_in()
        for _ in range(2):
            expire(self.storage)
            await is_accepted(self.client)

    async def lost_and_restarted(self):
        with tempfile.TemporaryDirectory() as folder:
            storage = FileStorage(Path(folder) / "tokens")
            client = connect(storage)
            await client.login(USERNAME, PASSWORD)
            expire(storage)
            failures = [fails(client.access_token()) for _ in range(100)]
            equal({error.status for error in await asyncio.gather(*failures)}, {0})
            await is_accepted(connect(FileStorage(Path(folder) / "tokens")))

    async def unavailable(self):
        await self.log_in()
        expire(self.storage)
        before = time.monotonic()
        await is_accepted(self.client)
        assert time.monotonic() - before >= 2, "it did not wait"
        expire(self.storage)
        error = await fails(self.client.access_token())
        assert not isinstance(error, LoggedOut)
        equal((error.status, error.retry_after), (503, 60))
        await is_accepted(self.client)

    async def throttled(self):
        error = await fails(self.client.login(USERNAME, PASSWORD))
        equal((error.status, error.code, error.retry_after), (429, "too_many_requests", 7))
        wrong = await fails(self.client.login(USERNAME, "not the password"))
        equal((wrong.status, wrong.code), (401, "invalid_credentials"))

    async def ended_elsewhere(self):
        await self.log_in()
        send("POST", "/revoke", {"token": self.storage.load().refresh_token})
        error = await fails(self.client.request("GET", "/protected"), LoggedOut)
        equal((error.status, error.code), (400, "invalid_grant"))
        equal(self.storage.load(), None)
        await fails(self.client.request("GET", "/protected"), LoggedOut)

    async def logout(self):
        await self.log_in()
        tokens = self.storage.load()
        await self.client.logout()
        equal(self.storage.load(), None)
        equal(send("GET", "/protected", token=tokens.access_token), 403)
        equal(send("POST", "/refresh", {"refresh_token": tokens.refresh_token}), 400)
        await fails(self.client.access_token(), LoggedOut)
        await self.client.logout()

    async def another_user(self):
        await self.log_in()
        ada = self.storage.load()
        await self.client.login(INPUT["other"], PASSWORD)
        bob = self.storage.load()
        loads = [ada, bob]
        self.storage.load = lambda: loads.pop(0) if loads else bob
        send("POST", "/revoke", {"token": ada.access_token})
        equal((await self.client.request("GET", "/me")).status, 403)

    async def secrets(self):
        await fails(self.client.login(USERNAME, PASSWORD))
        await self.log_in()
        print(repr(self.client), repr(self.storage), repr(self.storage.load()))
        print(repr(await self.client.request("GET", "/protected")))
        for url in ["https://elsewhere.example/", URL.replace("127.0.0.1", "localhost")]:
            await fails(self.client.request("GET", url), ValueError)
        expire(self.storage)
        await fails(self.client.access_token())

    async def cancelled(self):
        """Some tasks are cancelled while all wait for the refresh."""
        await self.log_in()
        expire(self.storage)
        tasks = [asyncio.create_task(self.client.access_token()) for _ in range(10)]
        await asyncio.sleep(0)  # All of them wait by now.
        for task in tasks[:9]:
            task.cancel()
        token = await tasks[9]
        assert all(task.cancelled() for task in tasks[:9])
        equal(send("GET", "/protected", token=token), 200)


asyncio.run(getattr(Scenarios(), SCENARIO)())
