// What most files include: standard library and JSON values. Compiled once for each preset and put before every file of
// ours (cmake/EvcPrefix.cmake). Nothing of ours: a change here compiles everything anew. A file still includes what it
// uses.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/describe.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <charconv>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <ranges>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
