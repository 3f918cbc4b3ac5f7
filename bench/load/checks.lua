-- SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only
-- For wrk: asks for the verdict on random Swedish numbers, in the form in which they are dialled at home.
-- Arguments: how many numbers there are, and with which digits they begin.

local count
local prefix

function init(args)
  count = tonumber(args[1])
  prefix = args[2]
  math.randomseed(os.time())
end

function request()
  return wrk.format("GET", "/v1/check?number=" .. prefix .. string.format("%07d", math.random(0, count - 1)))
end
