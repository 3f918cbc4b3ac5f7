-- SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only
-- For wrk: asks for random members of a set. Arguments: how their paths begin, whether they end in seven "digits" or in
-- three "octets" of an address, and how many there are.

local begin, isAddress, count

function init(args)
  begin = args[1]
  isAddress = args[2] == "octets"
  count = tonumber(args[3])
  math.randomseed(os.time())
end

function request()
  local index = math.random(0, count - 1)
  if isAddress then
    local octets = string.format("%d.%d.%d", math.floor(index / 65536), math.floor(index / 256) % 256, index % 256)
    return wrk.format("GET", begin .. octets)
  end
  return wrk.format("GET", begin .. string.format("%07d", index))
end
