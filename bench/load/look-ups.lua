-- SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only
-- For wrk: looks up random numbers. Arguments: "hit" or "miss", how many numbers there are, and the first (0).

local prefix, count, first

function init(args)
  prefix = args[1] == "hit" and "/numbers/00" or "/numbers/99"
  count = tonumber(args[2])
  first = tonumber(args[3] or 0)
  math.randomseed(os.time())
end

function request()
  return wrk.format("GET", prefix .. string.format("%010d", first + math.random(0, count - 1)))
end
