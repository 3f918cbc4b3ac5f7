# SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only
# Plays systemd's end of sd_notify(3): a line of JSON for each message; closes what comes with a barrier, as systemd does.
import array, json, os, socket, sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print('[]', flush=True)
while True:
    octets, ancillary, _, _ = listener.recvmsg(4096, 1024)
    print(json.dumps(octets.decode().split('\n')), flush=True)
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            files = array.array('i')
            files.frombytes(data[: len(data) - len(data) % files.itemsize])
            for file in files:
                os.close(file)
