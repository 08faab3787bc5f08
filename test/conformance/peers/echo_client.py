"""Talks to an echo server with Python's websockets: argument 1 is its URL. Prints OK, or fails."""

import asyncio
import os
import sys

import websockets


async def main(url):
    async with websockets.connect(url, max_size=None, compression=None) as client:
        for message in ["", "a", "h\u00e9llo \U0001f600", "x" * 125, "x" * 126, "x" * 65536, b"", b"\x00", os.urandom(70000)]:
            await client.send(message)
            assert await client.recv() == message
        big = os.urandom(16 * 1024 * 1024)
        await client.send(big)
        assert await client.recv() == big
        await client.send(["frag", "mented ", "\u20ac"])
        assert await client.recv() == "fragmented \u20ac"
        pong = await client.ping(b"are you there")
        await asyncio.wait_for(pong, 5)
        await client.close(4000, "done")
        assert (client.close_code, client.close_reason) == (4000, ""), (client.close_code, client.close_reason)
    async with websockets.connect(url) as client:
        await client.send("close me")
        try:
            await client.recv()
            raise AssertionError("not closed")
        except websockets.ConnectionClosed as closed:
            assert (closed.code, closed.reason) == (4001, "as you wish"), closed
    print("OK")


asyncio.run(main(sys.argv[1]))
