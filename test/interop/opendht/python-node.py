#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only
#
# usage: python-node.py ADDRESS PORT NETWORK
# A real OpenDHT node that obeys: each line of its input is a JSON object with "do", each line of its output one with "event".
import json, sys, threading
import opendht as dht

address, port, network = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
lock = threading.Lock()

def out(**fields):
    with lock:
        print(json.dumps(fields), flush=True)

def described(value):
    data = bytes(value.data)
    return dict(id="%016x" % value.id, user_type=value.user_type, size=len(data),
                data=data[:200].decode("utf-8", "replace"),
                text=data.decode("utf-8", "replace") if len(data) <= 1000 else None)

node = dht.DhtRunner()
config = dht.DhtConfig()
config.setNetwork(network)
node.run(port=port, ipv4=address, config=config)
out(event="node", id=node.getNodeId().decode(), port=node.getBound(2).getPort())

for line in sys.stdin:
    command = json.loads(line)
    what = command["do"]
    if what == "bootstrap":
        node.bootstrap("127.0.0.1", str(command["port"]))
        continue
    key = dht.InfoHash.get(command["key"])
    if what == "listen":
        def on_value(value, expired):
            out(event="expired" if expired else "value", **described(value))
            return True
        node.listen(key, on_value)
        out(event="listening")
    elif what == "put":
        value = dht.Value(command["data"].encode())
        value.user_type = "text/plain"
        out(event="put", ok=node.put(key, value), id="%016x" % value.id)
    elif what == "get":
        out(event="got", values=[described(value) for value in node.get(key)])
