#include "tools/topics/provision.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <set>
#include <thread>

namespace evc::topics {

namespace {

// The brokers apply rules 0.3–0.7 s after they have answered, longer on a loaded machine.
constexpr std::chrono::seconds kBarrierLimit{20};
constexpr std::chrono::milliseconds kProbeInterval{50};
constexpr std::chrono::milliseconds kGroupInterval{500};

kafka::ConnectOptions connect_as(const std::string& name, const std::string& bootstrap, const std::string& tls_dir) {
  return {.bootstrap = bootstrap,
          .identity = std::make_shared<net::Identity>(net::tls_files(tls_dir, name)),
          .client_id = "topics-" + name};
}

bool covers(const kafka::AccessRule& rule, const std::string& topic) {
  if (rule.resource != "TOPIC") return false;
  if (rule.pattern == "PREFIXED") return topic.starts_with(rule.name);
  return rule.name == topic || rule.name == "*";
}

enum class Ownership { kOurs, kForeign, kForeignOpensOurs };
Ownership ownership(const kafka::AccessRule& rule, const TopicCatalogue& catalogue) {
  for (const auto& principal : catalogue.principals)
    if (rule.principal == "User:" + principal) return Ownership::kOurs;
  for (const auto& topic : catalogue.topics) {
    if (!covers(rule, topic.name)) continue;
    return rule.name == topic.name ? Ownership::kOurs : Ownership::kForeignOpensOurs;
  }
  return Ownership::kForeign;
}

Result<Present> look(kafka::Admin& admin, const kafka::ConnectOptions& connect, const TopicCatalogue& catalogue) {
  Present present;
  EVC_TRY(cluster, admin.cluster());
  present.cluster = cluster;
  std::vector<std::string> existing;
  for (const auto& topic : catalogue.topics)
    if (cluster.partitions.contains(topic.name)) existing.push_back(topic.name);
  EVC_TRY(settings, admin.topic_settings(existing));
  present.settings = std::move(settings);
  EVC_TRY(rules, admin.access_rules());
  present.rules = std::move(rules);
  EVC_TRY(quotas, kafka::read_quotas(connect));
  present.quotas = std::move(quotas);
  return present;
}

// A principal sees exactly the topics that it may touch, which holds only once the brokers apply the new rules.
Result<void> await_view(const TopicCatalogue& catalogue, const std::string& principal, kafka::ConnectOptions connect,
                        SteadyTime deadline) {
  std::set<std::string> allowed;
  for (const auto& grant : catalogue.grants)
    if (grant.principal == principal && grant.resource == "TOPIC") allowed.insert(grant.name);
  kafka::Admin admin(std::move(connect));
  std::string seen;
  while (std::chrono::steady_clock::now() < deadline) {
    EVC_TRY(view, admin.cluster());
    bool equal = true;
    seen.clear();
    for (const auto& topic : catalogue.topics) {
      const bool visible = view.partitions.contains(topic.name);
      if (visible) seen += " " + topic.name;
      equal = equal && visible == allowed.contains(topic.name);
    }
    if (equal) return {};
    std::this_thread::sleep_for(kProbeInterval);
  }
  return fail(Code::kDeadlineExceeded, "the access of " + principal + " did not take effect; it sees:" + seen);
}

Result<void> await_rules(kafka::Admin& admin, const kafka::ConnectOptions& connect, const TopicCatalogue& catalogue,
                         SteadyTime deadline) {
  while (std::chrono::steady_clock::now() < deadline) {
    EVC_TRY(present, look(admin, connect, catalogue));
    EVC_TRY(rest, make_plan(catalogue, present));
    if (rest.empty()) return {};
    std::this_thread::sleep_for(kProbeInterval);
  }
  return fail(Code::kDeadlineExceeded, "the brokers do not show the new topics, rules and quotas");
}

Result<void> await_brokers(kafka::Admin& admin, int wanted) {
  const auto deadline = std::chrono::steady_clock::now() + kBarrierLimit;
  int present = 0;
  while (std::chrono::steady_clock::now() < deadline) {
    EVC_TRY(cluster, admin.cluster());
    present = cluster.brokers;
    if (present >= wanted) return {};
    std::this_thread::sleep_for(kProbeInterval);
  }
  return fail(Code::kDeadlineExceeded,
              std::to_string(present) + " brokers of " + std::to_string(wanted) + " are in the cluster");
}

// Groups that read events; those that have not joined in time.
Result<std::vector<std::string>> await_groups(kafka::Admin& admin, const TopicCatalogue& catalogue,
                                              std::chrono::seconds limit) {
  std::set<std::string> missing;
  for (const auto& grant : catalogue.grants)
    if (grant.resource == "GROUP" && grant.operation == "READ") missing.insert(grant.name);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (true) {
    auto joined = admin.joined_groups();
    const bool over = std::chrono::steady_clock::now() >= deadline;
    // A coordinator that still loads its log, just after the broker's start, has no answer yet.
    if (!joined && (over || !info(joined.error().code).retryable)) return std::unexpected(std::move(joined).error());
    if (joined) std::erase_if(missing, [&joined](const std::string& group) { return joined->contains(group); });
    if (missing.empty() || over) return std::vector<std::string>(missing.begin(), missing.end());
    std::this_thread::sleep_for(kGroupInterval);
  }
}

Result<std::vector<std::string>> grant_access(kafka::Admin& admin, const TopicCatalogue& catalogue,
                                              const std::vector<kafka::AccessRule>& rules,
                                              std::chrono::seconds readers_first) {
  std::vector<kafka::AccessRule> writers = rules;
  std::vector<std::string> not_joined;
  if (readers_first.count() > 0) {
    std::vector<kafka::AccessRule> readers = rules;
    std::erase_if(readers, [](const kafka::AccessRule& rule) { return rule.operation == "WRITE"; });
    std::erase_if(writers, [](const kafka::AccessRule& rule) { return rule.operation != "WRITE"; });
    EVC_CHECK(admin.add_access(readers));
    EVC_TRY(missing, await_groups(admin, catalogue, readers_first));
    not_joined = std::move(missing);
  }
  EVC_CHECK(admin.add_access(writers));
  return not_joined;
}

Result<std::vector<std::string>> await_effect(kafka::Admin& admin, const TopicCatalogue& catalogue,
                                              const std::string& bootstrap, const std::string& tls_dir) {
  const auto deadline = std::chrono::steady_clock::now() + kBarrierLimit;
  EVC_CHECK(await_rules(admin, connect_as("platform-admin", bootstrap, tls_dir), catalogue, deadline));
  std::vector<std::string> not_probed;
  std::vector<std::future<Result<void>>> probes;
  for (const auto& principal : catalogue.principals) {
    if (!std::filesystem::exists(net::tls_files(tls_dir, principal).certificate)) {
      not_probed.push_back(principal);
      continue;
    }
    auto connect = connect_as(principal, bootstrap, tls_dir);
    probes.push_back(
        std::async(std::launch::async, await_view, std::cref(catalogue), principal, std::move(connect), deadline));
  }
  Result<void> worst;
  for (auto& probe : probes)
    if (auto outcome = probe.get(); !outcome) worst = std::move(outcome);
  if (!worst) return std::unexpected(std::move(worst).error());
  return not_probed;
}

}  // namespace

std::vector<kafka::TopicSpec> wanted_topics(const TopicCatalogue& catalogue, int brokers) {
  const auto& durability = brokers >= 3 ? catalogue.cluster : catalogue.single_broker;
  std::vector<kafka::TopicSpec> wanted;
  for (const auto& topic : catalogue.topics) {
    kafka::TopicSpec spec{topic.name, topic.partitions, durability.replication_factor, topic.settings};
    spec.settings["min.insync.replicas"] = std::to_string(durability.min_insync_replicas);
    wanted.push_back(std::move(spec));
  }
  return wanted;
}

std::vector<kafka::AccessRule> wanted_rules(const TopicCatalogue& catalogue) {
  std::vector<kafka::AccessRule> wanted;
  for (const auto& grant : catalogue.grants)
    wanted.push_back({.principal = "User:" + grant.principal,
                      .operation = grant.operation,
                      .resource = grant.resource,
                      .name = grant.name});
  return wanted;
}

std::vector<kafka::QuotaChange> quota_changes(const TopicCatalogue& catalogue,
                                              const std::vector<kafka::Quota>& present) {
  std::vector<kafka::QuotaChange> changes;
  for (const auto& quota : catalogue.quotas)
    if (std::ranges::find(present, quota) == present.end())
      changes.push_back({quota.user, quota.client_id, quota.name, quota.value});
  for (const auto& quota : present) {
    const bool ours = std::ranges::find(catalogue.principals, quota.user) != catalogue.principals.end();
    const bool listed = std::ranges::any_of(catalogue.quotas, [&quota](const kafka::Quota& wanted) {
      return wanted.user == quota.user && wanted.client_id == quota.client_id && wanted.name == quota.name;
    });
    if (ours && !listed) changes.push_back({quota.user, quota.client_id, quota.name, std::nullopt});
  }
  return changes;
}

Result<Plan> make_plan(const TopicCatalogue& catalogue, const Present& present) {
  Plan plan;
  for (auto& spec : wanted_topics(catalogue, present.cluster.brokers)) {
    const auto existing = present.cluster.partitions.find(spec.name);
    if (existing == present.cluster.partitions.end()) {
      plan.create.push_back(std::move(spec));
      continue;
    }
    if (existing->second != spec.partitions)
      return fail(Code::kConflict, "topic " + spec.name + " has " + std::to_string(existing->second) +
                                       " partitions instead of " + std::to_string(spec.partitions) +
                                       ": changing that would break the order of its keys");
    const auto settings = present.settings.find(spec.name);
    if (settings == present.settings.end() || settings->second != spec.settings) plan.alter.push_back(std::move(spec));
  }

  const auto wanted = wanted_rules(catalogue);
  for (const auto& rule : wanted)
    if (std::ranges::find(present.rules, rule) == present.rules.end()) plan.add.push_back(rule);
  for (const auto& rule : present.rules) {
    if (std::ranges::find(wanted, rule) != wanted.end()) continue;
    switch (ownership(rule, catalogue)) {
      case Ownership::kOurs:
        plan.remove.push_back(rule);
        break;
      case Ownership::kForeign:
        break;
      case Ownership::kForeignOpensOurs:
        return fail(Code::kConflict, "a rule that is not ours opens our topics, remove it first: " + describe(rule));
    }
  }
  plan.quotas = quota_changes(catalogue, present.quotas);
  return plan;
}

Result<Report> provision(const TopicCatalogue& catalogue, const std::string& bootstrap, const std::string& tls_dir,
                         const ProvisionOptions& options) {
  const auto connect = connect_as("platform-admin", bootstrap, tls_dir);
  kafka::Admin admin(connect);
  EVC_CHECK(await_brokers(admin, options.brokers));
  EVC_TRY(present, look(admin, connect, catalogue));
  EVC_TRY(plan, make_plan(catalogue, present));
  EVC_CHECK(admin.create_topics(plan.create));
  for (const auto& topic : plan.alter) EVC_CHECK(admin.replace_settings(topic.name, topic.settings));
  EVC_CHECK(admin.remove_access(plan.remove));
  EVC_TRY(not_joined, grant_access(admin, catalogue, plan.add, options.readers_first));
  EVC_CHECK(kafka::change_quotas(connect, plan.quotas));
  EVC_TRY(not_probed, await_effect(admin, catalogue, bootstrap, tls_dir));
  return Report{.topics = catalogue.topics.size(),
                .created = plan.create.size(),
                .altered = plan.alter.size(),
                .rules = catalogue.grants.size(),
                .added = plan.add.size(),
                .removed = plan.remove.size(),
                .quotas = catalogue.quotas.size(),
                .quotas_changed = plan.quotas.size(),
                .not_joined = std::move(not_joined),
                .not_probed = std::move(not_probed)};
}

}  // namespace evc::topics
