-- wrk waits this long before each request of a connection (wrk.ts).
local pause = tonumber(os.getenv("PAUSE_MS"))

function delay()
  return pause
end
