-- Run by wrk: every request comes from the next of `many` addresses (X-Forwarded-For, which the shield is told to trust from loopback).
-- Arguments: how many, first.
local many, next_one, host
function init(args)
  many = tonumber(args[1])
  next_one = tonumber(args[2])
  host = args[3]
end

function request()
  local n = next_one % many
  next_one = next_one + 1
  -- Spread over the address space as attackers are: an odd multiplier visits every 24-bit value once.
  n = (n * 7368787) % 16777216
  return wrk.format('GET', nil, { ['Host'] = host, ['X-Forwarded-For'] = string.format('%d.%d.%d.%d', 11 + math.floor(next_one / 16777216), math.floor(n / 65536) % 256, math.floor(n / 256) % 256, n % 256) })
end

done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"refusals":%d,"errors":%d,"bytes":%d,"p50Ms":%.4f,"p99Ms":%.4f,"p999Ms":%.4f,"maxMs":%.4f}\n',
    summary.requests, summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    summary.bytes, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3, latency.max / 1e3))
end
