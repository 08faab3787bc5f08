"""An echo server with Python's websockets: prints its port, ends with its standard input."""

import asyncio
import sys

import websockets


async def echo(server, path=None):
    async for message in server:
        if message == "close me":
            await server.close(4001, "as you wish")
        elif message == "fragments":
            await server.send(["frag", "mented ", "\u20ac"])
        elif message == "ping me":
            await asyncio.wait_for(await server.ping(b"are you there"), 5)
            await server.send("pong came")
        else:
            await server.send(message)


async def main():
    async with websockets.serve(echo, "127.0.0.1", 0, max_size=None, compression=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
