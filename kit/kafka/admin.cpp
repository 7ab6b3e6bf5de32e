#include "kit/kafka/admin.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <optional>
#include <set>

#include "kit/kafka/client_handle.hpp"

namespace evc::kafka {

namespace {

constexpr int kTimeoutMs = static_cast<int>(kAdminTimeout.count());

// librdkafka frees its arrays of request objects one by one, each by a function of its own.
template <class T, void (*Destroy)(T*)>
struct Destroyer {
  void operator()(T* object) const { Destroy(object); }
};
template <class T, void (*Destroy)(T*)>
using Owned = std::unique_ptr<T, Destroyer<T, Destroy>>;
using NewTopic = Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using Resource = Owned<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;
using Binding = Owned<rd_kafka_AclBinding_t, rd_kafka_AclBinding_destroy>;
using AdminOptions = Owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;
using GroupOffsets = Owned<rd_kafka_ListConsumerGroupOffsets_t, rd_kafka_ListConsumerGroupOffsets_destroy>;

template <class T>
std::vector<typename T::pointer> pointers(const std::vector<T>& owned) {
  std::vector<typename T::pointer> raw;
  for (const auto& each : owned) raw.push_back(each.get());
  return raw;
}

AdminOptions options(rd_kafka_t* client, rd_kafka_admin_op_t operation) {
  AdminOptions made(rd_kafka_AdminOptions_new(client, operation));
  char reason[256];
  rd_kafka_AdminOptions_set_request_timeout(made.get(), kTimeoutMs, reason, sizeof reason);
  return made;
}

// The broker's text for an unauthorised caller is a dump of its internals: the code's name says enough.
Error broker_error(rd_kafka_resp_err_t code, const std::string& what) {
  Code ours = Code::kBrokerUnavailable;
  switch (code) {
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      ours = Code::kForbidden;
      break;
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_REQUEST:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_SECURITY_DISABLED:
      ours = Code::kConflict;
      break;
    default:
      break;
  }
  return Error{.code = ours, .detail = what + ": " + rd_kafka_err2name(code)};
}

// The enumerator whose name is `name`, for enums that librdkafka can only turn into text.
template <class Enum>
std::optional<Enum> enumerator(const std::string& name, int count, const char* (*text)(Enum)) {
  for (int i = 0; i < count; ++i)
    if (name == text(static_cast<Enum>(i))) return static_cast<Enum>(i);
  return std::nullopt;
}

Result<Binding> binding_of(const AccessRule& rule) {
  const auto resource = enumerator(rule.resource, RD_KAFKA_RESOURCE__CNT, rd_kafka_ResourceType_name);
  const auto pattern = enumerator(rule.pattern, RD_KAFKA_RESOURCE_PATTERN_TYPE__CNT, rd_kafka_ResourcePatternType_name);
  const auto operation = enumerator(rule.operation, RD_KAFKA_ACL_OPERATION__CNT, rd_kafka_AclOperation_name);
  const auto permission =
      enumerator(rule.permission, RD_KAFKA_ACL_PERMISSION_TYPE__CNT, rd_kafka_AclPermissionType_name);
  if (!resource || !pattern || !operation || !permission)
    return fail(Code::kValidationFailed, describe(rule) + ": not a rule that Kafka knows");
  char reason[256];
  Binding binding(rd_kafka_AclBinding_new(*resource, rule.name.c_str(), *pattern, rule.principal.c_str(),
                                          rule.host.c_str(), *operation, *permission, reason, sizeof reason));
  if (!binding) return fail(Code::kValidationFailed, describe(rule) + ": " + reason);
  return binding;
}

AccessRule rule_of(const rd_kafka_AclBinding_t* binding) {
  return {.principal = rd_kafka_AclBinding_principal(binding),
          .operation = rd_kafka_AclOperation_name(rd_kafka_AclBinding_operation(binding)),
          .resource = rd_kafka_ResourceType_name(rd_kafka_AclBinding_restype(binding)),
          .name = rd_kafka_AclBinding_name(binding),
          .pattern = rd_kafka_ResourcePatternType_name(rd_kafka_AclBinding_resource_pattern_type(binding)),
          .host = rd_kafka_AclBinding_host(binding),
          .permission = rd_kafka_AclPermissionType_name(rd_kafka_AclBinding_permission_type(binding))};
}

}  // namespace

std::string describe(const AccessRule& rule) {
  std::string text = rule.principal + " " + (rule.permission == "ALLOW" ? "" : rule.permission + " ") + rule.operation +
                     " " + rule.resource + " " + rule.name;
  if (rule.pattern != "LITERAL") text += " (" + rule.pattern + ")";
  if (rule.host != "*") text += " from " + rule.host;
  return text;
}

struct Admin::Impl {
  std::shared_ptr<ConnectionLog> log = std::make_shared<ConnectionLog>("admin", ConnectionLog::Forward::kNowhere);
  ClientHandle client;
  QueueHandle queue;

  // One request is outstanding at a time, so the next event on our queue is its answer.
  Result<EventHandle> answer(const std::string& what) {
    EventHandle event(rd_kafka_queue_poll(queue.get(), kTimeoutMs + 2000));
    if (!event) return std::unexpected(unreachable(what + ": no answer"));
    const auto code = rd_kafka_event_error(event.get());
    if (code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT)
      return std::unexpected(unreachable(what + ": no answer in time"));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(broker_error(code, what));
    return event;
  }

  Error unreachable(std::string what) {
    return Error{.code = Code::kBrokerUnavailable, .detail = std::move(what) + log->reason()};
  }

  // The end offset of each partition is asked once.
  Result<void> add_group_lag(const std::string& group,
                             std::map<std::pair<std::string, std::int32_t>, std::int64_t>& ends,
                             std::vector<PartitionLag>& found) {
    GroupOffsets request(rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), nullptr));
    auto* raw = request.get();
    const auto limits = options(client.get(), RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    rd_kafka_ListConsumerGroupOffsets(client.get(), &raw, 1, limits.get(), queue.get());
    EVC_TRY(event, answer("offsets of group " + group));
    std::size_t count = 0;
    const auto* result = rd_kafka_event_ListConsumerGroupOffsets_result(event.get());
    const auto** groups = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count);
    for (std::size_t i = 0; i < count; ++i) {
      if (const auto* error = rd_kafka_group_result_error(groups[i]))
        return std::unexpected(broker_error(rd_kafka_error_code(error), "offsets of group " + group));
      const auto* partitions = rd_kafka_group_result_partitions(groups[i]);
      for (int p = 0; partitions && p < partitions->cnt; ++p) {
        const auto& each = partitions->elems[p];
        const std::pair<std::string, std::int32_t> place{each.topic, each.partition};
        if (!ends.contains(place)) {
          std::int64_t low = 0, high = 0;
          const auto code =
              rd_kafka_query_watermark_offsets(client.get(), each.topic, each.partition, &low, &high, kTimeoutMs);
          if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(broker_error(code, "end of " + place.first));
          ends[place] = high;
        }
        if (each.offset >= 0)
          found.push_back(
              {group, place.first, place.second, each.offset, std::max<std::int64_t>(0, ends[place] - each.offset)});
      }
    }
    return {};
  }
};

Admin::Admin(ConnectOptions connect) : impl_(std::make_unique<Impl>()) {
  impl_->client = make_client(ClientKind::kProducer, connect, {}, impl_->log);
  impl_->queue.reset(rd_kafka_queue_new(impl_->client.get()));
}

Admin::~Admin() = default;

Result<ClusterView> Admin::cluster() {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = rd_kafka_metadata(impl_->client.get(), 1, nullptr, &metadata, kTimeoutMs);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return std::unexpected(impl_->unreachable(std::string("cluster metadata: ") + rd_kafka_err2name(code)));
  ClusterView view{.brokers = metadata->broker_cnt};
  for (int i = 0; i < metadata->topic_cnt; ++i)
    view.partitions[metadata->topics[i].topic] = metadata->topics[i].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  return view;
}

Result<void> Admin::create_topics(const std::vector<TopicSpec>& topics) {
  if (topics.empty()) return {};
  std::vector<NewTopic> made;
  for (const auto& topic : topics) {
    char reason[256];
    NewTopic fresh(
        rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, topic.replication_factor, reason, sizeof reason));
    if (!fresh) return fail(Code::kValidationFailed, topic.name + ": " + reason);
    for (const auto& [name, value] : topic.settings)
      rd_kafka_NewTopic_set_config(fresh.get(), name.c_str(), value.c_str());
    made.push_back(std::move(fresh));
  }
  auto limits = options(impl_->client.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS);
  char reason[256];
  rd_kafka_AdminOptions_set_operation_timeout(limits.get(), kTimeoutMs - 2000, reason, sizeof reason);
  auto raw = pointers(made);
  rd_kafka_CreateTopics(impl_->client.get(), raw.data(), raw.size(), limits.get(), impl_->queue.get());
  EVC_TRY(event, impl_->answer("create topics"));
  std::size_t count = 0;
  const auto** results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = rd_kafka_topic_result_error(results[i]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
      return std::unexpected(broker_error(code, std::string("create topic ") + rd_kafka_topic_result_name(results[i])));
  }
  return {};
}

Result<std::map<std::string, TopicSettings>> Admin::topic_settings(const std::vector<std::string>& topics) {
  std::map<std::string, TopicSettings> found;
  if (topics.empty()) return found;
  std::vector<Resource> asked;
  for (const auto& topic : topics)
    asked.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const auto limits = options(impl_->client.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  auto raw = pointers(asked);
  rd_kafka_DescribeConfigs(impl_->client.get(), raw.data(), raw.size(), limits.get(), impl_->queue.get());
  EVC_TRY(event, impl_->answer("settings of topics"));
  std::size_t count = 0;
  const auto** resources =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string topic = rd_kafka_ConfigResource_name(resources[i]);
    const auto code = rd_kafka_ConfigResource_error(resources[i]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(broker_error(code, "settings of topic " + topic));
    auto& settings = found[topic];
    std::size_t entries = 0;
    const auto** entry = rd_kafka_ConfigResource_configs(resources[i], &entries);
    for (std::size_t e = 0; e < entries; ++e)
      if (rd_kafka_ConfigEntry_source(entry[e]) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG &&
          rd_kafka_ConfigEntry_value(entry[e]))
        settings[rd_kafka_ConfigEntry_name(entry[e])] = rd_kafka_ConfigEntry_value(entry[e]);
  }
  return found;
}

Result<void> Admin::replace_settings(const std::string& topic, const TopicSettings& settings) {
  Resource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  for (const auto& [name, value] : settings)
    rd_kafka_ConfigResource_set_config(resource.get(), name.c_str(), value.c_str());
  const auto limits = options(impl_->client.get(), RD_KAFKA_ADMIN_OP_ALTERCONFIGS);
  auto* raw = resource.get();
  rd_kafka_AlterConfigs(impl_->client.get(), &raw, 1, limits.get(), impl_->queue.get());
  EVC_TRY(event, impl_->answer("settings of topic " + topic));
  std::size_t count = 0;
  const auto** resources =
      rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = rd_kafka_ConfigResource_error(resources[i]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(broker_error(code, "settings of topic " + topic));
  }
  return {};
}

Result<std::vector<AccessRule>> Admin::access_rules() {
  char reason[256];
  Binding filter(rd_kafka_AclBindingFilter_new(RD_KAFKA_RESOURCE_ANY, nullptr, RD_KAFKA_RESOURCE_PATTERN_ANY, nullptr,
                                               nullptr, RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY,
                                               reason, sizeof reason));
  const auto limits = options(impl_->client.get(), RD_KAFKA_ADMIN_OP_DESCRIBEACLS);
  rd_kafka_DescribeAcls(impl_->client.get(), filter.get(), limits.get(), impl_->queue.get());
  EVC_TRY(event, impl_->answer("read access rules"));
  std::vector<AccessRule> rules;
  std::size_t count = 0;
  const auto** found = rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) rules.push_back(rule_of(found[i]));
  std::ranges::sort(rules);
  return rules;
}

Result<void> Admin::add_access(const std::vector<AccessRule>& rules) {
  if (rules.empty()) return {};
  std::vector<Binding> bindings;
  for (const auto& rule : rules) {
    EVC_TRY(binding, binding_of(rule));
    bindings.push_back(std::move(binding));
  }
  const auto limits = options(impl_->client.get(), RD_KAFKA_ADMIN_OP_CREATEACLS);
  auto raw = pointers(bindings);
  rd_kafka_CreateAcls(impl_->client.get(), raw.data(), raw.size(), limits.get(), impl_->queue.get());
  EVC_TRY(event, impl_->answer("add access rules"));
  std::size_t count = 0;
  const auto** results = rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i)
    if (const auto* error = rd_kafka_acl_result_error(results[i]))
      return std::unexpected(broker_error(rd_kafka_error_code(error), "add access " + describe(rules[i])));
  return {};
}

Result<void> Admin::remove_access(const std::vector<AccessRule>& rules) {
  if (rules.empty()) return {};
  // A full binding is a filter that matches exactly itself.
  std::vector<Binding> filters;
  for (const auto& rule : rules) {
    EVC_TRY(binding, binding_of(rule));
    filters.push_back(std::move(binding));
  }
  const auto limits = options(impl_->client.get(), RD_KAFKA_ADMIN_OP_DELETEACLS);
  auto raw = pointers(filters);
  rd_kafka_DeleteAcls(impl_->client.get(), raw.data(), raw.size(), limits.get(), impl_->queue.get());
  EVC_TRY(event, impl_->answer("remove access rules"));
  std::size_t count = 0;
  const auto** results = rd_kafka_DeleteAcls_result_responses(rd_kafka_event_DeleteAcls_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i)
    if (const auto* error = rd_kafka_DeleteAcls_result_response_error(results[i]))
      return std::unexpected(broker_error(rd_kafka_error_code(error), "remove access " + describe(rules[i])));
  return {};
}

Result<std::map<std::string, int>> Admin::joined_groups() {
  const rd_kafka_group_list* raw = nullptr;
  const auto code = rd_kafka_list_groups(impl_->client.get(), nullptr, &raw, kTimeoutMs);
  const std::unique_ptr<const rd_kafka_group_list, decltype(&rd_kafka_group_list_destroy)> list(
      raw, rd_kafka_group_list_destroy);
  if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT)
    return std::unexpected(impl_->unreachable("list groups: no answer in time"));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(broker_error(code, "list groups"));
  std::map<std::string, int> joined;
  for (int i = 0; i < list->group_cnt; ++i) {
    const auto& group = list->groups[i];
    if (group.err == RD_KAFKA_RESP_ERR_NO_ERROR && std::string_view(group.state) == "Stable" && group.member_cnt > 0)
      joined[group.group] = group.member_cnt;
  }
  return joined;
}

Result<std::vector<PartitionLag>> Admin::lag() {
  const auto limits = options(impl_->client.get(), RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS);
  rd_kafka_ListConsumerGroups(impl_->client.get(), limits.get(), impl_->queue.get());
  EVC_TRY(event, impl_->answer("list consumer groups"));
  const auto* result = rd_kafka_event_ListConsumerGroups_result(event.get());
  std::size_t count = 0;
  const auto** errors = rd_kafka_ListConsumerGroups_result_errors(result, &count);
  if (count > 0) return std::unexpected(broker_error(rd_kafka_error_code(errors[0]), "list consumer groups"));
  std::set<std::string> groups;
  const auto** listed = rd_kafka_ListConsumerGroups_result_valid(result, &count);
  for (std::size_t i = 0; i < count; ++i) groups.insert(rd_kafka_ConsumerGroupListing_group_id(listed[i]));

  std::map<std::pair<std::string, std::int32_t>, std::int64_t> ends;
  std::vector<PartitionLag> found;
  for (const auto& group : groups) EVC_CHECK(impl_->add_group_lag(group, ends, found));
  return found;
}

}  // namespace evc::kafka
