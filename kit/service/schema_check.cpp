#include "kit/service/schema_check.hpp"

#include <algorithm>

#include "kit/telemetry/log.hpp"

namespace evc::service {
namespace {

using namespace std::chrono_literals;
using registry::Agreement;
namespace key = telemetry::key;

// A question in the background has time: a registry that has just started is slow.
constexpr auto kBackgroundLimit = 30'000ms;
constexpr auto kFirstPause = 1'000ms;
constexpr const char* kHint =
    "A version that was released stays as it is, and a new one takes what the earlier ones took: "
    "docs/guides/event-versioning.md.";

http::ClientOptions client_options(const ProcessParts& process) {
  const auto& peers = process.settings.common.peers;
  const auto address = peers.find("registry");
  if (address == peers.end())
    throw StartError(ExitCode::kSettings, "the setting peers.registry is missing", "It holds host:port.");
  // One try: a start does not wait for what the next question repeats.
  http::ClientOptions options{.service = "registry", .tls = process.tls_client, .tries = 1};
  try {
    for (PeerAddress& one : parse_addresses("peers.registry", address->second))
      options.endpoints.push_back({std::move(one.host), one.port});
  } catch (const std::runtime_error& error) {
    throw StartError(ExitCode::kSettings, error.what(), "Every setting is described in the service's config.yaml.");
  }
  return options;
}

std::string_view outcome_of(const Agreement& answer) {
  switch (answer.kind) {
    case Agreement::Kind::kAgreed:
      return "agreed";
    case Agreement::Kind::kRefused:
      return "refused";
    case Agreement::Kind::kAway:
      return "away";
  }
  return "away";
}

}  // namespace

const char* schema_hint() {
  return kHint;
}

SchemaCheck::SchemaCheck(const ProcessParts& process)
    : process_(process),
      agreed_gauge_(telemetry::metrics().gauge("schema_registry_agreed",
                                               "1 once the schema registry has agreed to what this process writes")),
      notes_gauge_(telemetry::metrics().gauge("schema_registry_notes",
                                              "Subjects read by this process that are registered in a newer version or "
                                              "with another content than it knows")) {
  agreed_gauge_.set(0);
  client_options(process);  // a missing setting ends the start, not a task in the background
}

SchemaCheck::~SchemaCheck() = default;

Task<> SchemaCheck::ask_once(Worker& worker, std::chrono::milliseconds limit, Agreement& answer) {
  const auto http = std::make_shared<http::Client>(worker, client_options(process_));
  registry::Client client(http);
  RequestContext context{.deadline = std::chrono::steady_clock::now() + limit,
                         .trace = telemetry::TraceContext::root()};
  answer = co_await registry::agree(context, client, registry::duty_of(process_.settings.common.service.name));
  http->close();
  note(answer);
}

void SchemaCheck::note(const Agreement& answer) {
  telemetry::metrics()
      .counter("schema_registry_questions_total", "Questions to the schema registry at start, by how they ended",
               {{"outcome", std::string(outcome_of(answer))}})
      .add();
  agreed_ = answer.kind == Agreement::Kind::kAgreed;
  agreed_gauge_.set(agreed_ ? 1 : 0);
  if (!agreed_) return;
  notes_gauge_.set(static_cast<double>(answer.notes.size()));
  EVC_LOG(kInfo, "the schema registry agrees");
  for (const auto& one : answer.notes)
    EVC_LOG(kWarn, "the schema registry knows more of what is read",
            {{key::kSubject, one.subject}, {key::kReason, one.text}});
}

Task<> SchemaCheck::first_question(Worker& worker, Agreement& answer) {
  co_await ask_once(worker, std::chrono::milliseconds(process_.settings.common.registry.start_ms), answer);
  worker.stop();
}

void SchemaCheck::at_start() {
  Agreement answer;
  {
    Worker worker;
    worker.tasks().spawn("schema registry", first_question(worker, answer));
    worker.run();
  }
  if (answer.kind == Agreement::Kind::kRefused) throw StartError(ExitCode::kContract, answer.reason, kHint);
  if (answer.kind == Agreement::Kind::kAway)
    EVC_LOG(kWarn, "the schema registry does not answer; starting without it and asking again",
            {{key::kReason, answer.reason}});
}

void SchemaCheck::keep_asking(Worker& worker, std::function<void(std::string)> refused) {
  questions_ = std::make_unique<TaskGroup>(worker.io());
  questions_->spawn("schema registry", ask_again(worker, std::move(refused)));
}

Task<> SchemaCheck::ask_again(Worker& worker, std::function<void(std::string)> refused) {
  std::chrono::milliseconds pause = kFirstPause;
  const std::chrono::milliseconds longest(process_.settings.common.registry.longest_pause_ms);
  while (!questions_->cancelled()) {
    co_await questions_->sleep_until(std::chrono::steady_clock::now() + std::min(pause, longest));
    if (questions_->cancelled()) co_return;
    Agreement answer;
    co_await ask_once(worker, kBackgroundLimit, answer);
    if (answer.kind == Agreement::Kind::kAgreed) co_return;
    if (answer.kind == Agreement::Kind::kRefused) {
      EVC_LOG(kError, "the schema registry refuses", {{key::kReason, answer.reason}});
      refused(answer.reason);
      co_return;
    }
    pause *= 2;
  }
}

Task<> SchemaCheck::stop(SteadyTime deadline) {
  if (!questions_) co_return;
  questions_->cancel();
  co_await questions_->drain(deadline);
}

}  // namespace evc::service
