"""Python's websockets as a subject of the differential test: its protocol without its connections.

Reads one stream a line, as JSON, and writes what became of it, as JSON. Messages are put together and decoded here, as the
layers above do it.
"""

import json
import logging
import sys

from websockets.extensions.permessage_deflate import PerMessageDeflate

try:
    from websockets.protocol import Protocol, Side
except ImportError:
    from websockets.connection import Connection as Protocol, Side

logging.disable(logging.CRITICAL)

NAMES = {1: "text", 2: "binary", 9: "ping", 10: "pong"}


def run(stream):
    side = Side.SERVER if stream["role"] == "server" else Side.CLIENT
    protocol = Protocol(side, max_size=stream["maxMessageBytes"])
    deflate = stream.get("deflate")
    if deflate is not None:
        protocol.extensions = [PerMessageDeflate(deflate["noContextTakeover"], False, deflate["windowBits"], 15)]
    told = []
    written = []
    message = None
    end = ["open", 0, "", ""]
    for chunk in stream["chunks"]:
        protocol.receive_data(bytes.fromhex(chunk))
        for frame in protocol.events_received():
            opcode, data = int(frame.opcode), bytes(frame.data)
            if opcode == 8:
                end = ["closed", protocol.close_rcvd.code, protocol.close_rcvd.reason, ""]
            elif opcode > 8:
                told.append([NAMES[opcode], data.hex()])
            else:
                message = (message or [opcode]) + [data]
                if not frame.fin:
                    continue
                payload = b"".join(message[1:])
                told.append([NAMES[message[0]], payload.hex()])
                if message[0] == 1:
                    try:
                        payload.decode()
                    except UnicodeDecodeError as error:
                        told.pop()
                        protocol.fail(1007, error.reason)
                        end = ["failed", 1007, "", error.reason]
                        break
                message = None
        written += [data.hex() for data in protocol.data_to_send()]
        if end[0] != "open":
            break
        if protocol.parser_exc is not None:
            end = ["failed", protocol.close_sent.code, "", str(protocol.parser_exc)]
            break
    return {"told": told, "written": "".join(written), "end": end}


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
