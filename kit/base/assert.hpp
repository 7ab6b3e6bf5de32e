// Assertions that stay on in release: a broken invariant ends the process with its place, because going on would
// corrupt data that the restart repairs. EVC_BUG is for states that should not occur but can be survived: it logs once
// and counts.
#pragma once

namespace evc {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
void report_bug(const char* what, const char* file, int line);
// Bugs reported since start, for the metric evc_bugs_total.
unsigned long long bugs_reported();

}  // namespace evc

#define EVC_ASSERT(expression) ((expression) ? void(0) : ::evc::assertion_failed(#expression, __FILE__, __LINE__))
#define EVC_BUG(what) ::evc::report_bug(what, __FILE__, __LINE__)
