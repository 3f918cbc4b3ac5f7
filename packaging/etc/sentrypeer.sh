#!/bin/sh
# The program with the Node.js that came with it.
exec /usr/lib/sentrypeer/node /usr/lib/sentrypeer/main.js "$@"
