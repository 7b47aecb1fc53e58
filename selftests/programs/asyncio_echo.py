#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""An echo server and its load, of Python's asyncio and nothing else.

asyncio_echo.py serve ADDRESS...
asyncio_echo.py load ADDRESS CONNECTIONS MESSAGES OCTETS
"""
import asyncio
import random
import sys

PORT = 7000


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def serve(addresses):
    server = await asyncio.start_server(echo, addresses, PORT, backlog=256)
    await server.serve_forever()


async def talk(address, messages, octets):
    reader, writer = await asyncio.open_connection(address, PORT)
    for _ in range(messages):
        message = random.randbytes(random.randint(1, octets))
        writer.write(message)
        if await reader.readexactly(len(message)) != message:
            raise SystemExit("an echo differs")
    writer.write_eof()
    if await reader.read():
        raise SystemExit("more came back than was sent")
    writer.close()
    await writer.wait_closed()


async def load(address, connections, messages, octets):
    await asyncio.gather(*(talk(address, messages, octets) for _ in range(connections)))
    print("#", connections, "connections,", messages, "messages each")


if sys.argv[1] == "serve":
    asyncio.run(serve(sys.argv[2:]))
else:
    asyncio.run(load(sys.argv[2], *map(int, sys.argv[3:])))
