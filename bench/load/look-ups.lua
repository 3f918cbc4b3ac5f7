-- SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only
-- For wrk: looks up random numbers. Arguments: "hit" or "miss", and how many numbers there are.

local prefix, count

function init(args)
  prefix = args[1] == "hit" and "/numbers/00" or "/numbers/99"
  count = tonumber(args[2])
  math.randomseed(os.time())
end

function request()
  return wrk.format("GET", prefix .. string.format("%010d", math.random(0, count - 1)))
end
