// Pages of lists that are ordered newest first: `limit`, and a cursor over (time, id) of the page's last row, so that
// pages follow each other without a gap or a repetition whatever is inserted meanwhile. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "kit/base/clock.hpp"
#include "kit/base/uuid.hpp"
#include "kit/http/message.hpp"

namespace evc::http {

using PagePosition = std::pair<WallTime, Uuid>;

std::string page_cursor(WallTime time, const Uuid& id);
// Of the query's `cursor`; nullopt: the first page. validation-failed with its pointer.
Result<std::optional<PagePosition>> read_page_cursor(const Request& request);
// Of the query's `limit`: 1–200, 50 when absent. validation-failed with its pointer.
Result<std::int64_t> read_page_limit(const Request& request);

}  // namespace evc::http
