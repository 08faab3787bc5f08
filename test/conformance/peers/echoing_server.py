"""Sends back what clients send, with Python's websockets, compressed: prints its port.

Arguments are options of its permessage-deflate, such as server_max_window_bits=10 or server_no_context_takeover=True.
Without any, they are what websockets takes for good.
"""

import ast
import asyncio
import sys

import websockets
from websockets.extensions import permessage_deflate


async def echo(server, path=None):
    async for message in server:
        if message == "fragments":
            await server.send(["frag", "", "mented ", "\u20ac"])
        else:
            await server.send(message)


async def main(*options):
    values = {name: ast.literal_eval(value) for name, value in (option.split("=") for option in options)}
    extensions = {"compression": None, "extensions": [permessage_deflate.ServerPerMessageDeflateFactory(**values)]}
    async with websockets.serve(echo, "127.0.0.1", 0, max_size=None, **(extensions if values else {})) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main(*sys.argv[1:]))
