"""Sends back what a server sends, with Python's websockets: argument 1 is the URL. Compresses, unless argument 2 says not to."""

import asyncio
import sys

import websockets


async def main(url, compression="deflate"):
    async with websockets.connect(url, max_size=None, compression=None if compression == "none" else compression) as client:
        async for message in client:
            await client.send(message)


asyncio.run(main(*sys.argv[1:]))
