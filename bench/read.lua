-- wrk: every request carries the next driver's token, so that no driver meets the limit of its rate class. Arguments: path, and the file of
-- tokens when there are any. done() prints one line of JSON for read_load.py.
local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(arguments)
  requests, at = {}, number * 37
  if arguments[2] then
    for token in io.lines(arguments[2]) do
      requests[#requests + 1] = wrk.format("GET", arguments[1], {Authorization = "Bearer " .. token, Accept = "application/json", Host = wrk.headers["Host"]})
    end
  else
    requests[1] = wrk.format("GET", arguments[1], {Accept = "application/json", Host = wrk.headers["Host"]})
  end
end

function request()
  at = at + 1
  return requests[at % #requests + 1]
end

function done(summary, latency, requests)
  io.write(string.format(
    '{"requests": %d, "duration_us": %d, "not_2xx": %d, "socket_errors": %d, "p50_us": %d, "p90_us": %d, "p99_us": %d, "max_us": %d}\n',
    summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
