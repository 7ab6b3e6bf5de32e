#include "kit/http/router.hpp"

#include <map>
#include <stdexcept>

namespace evc::http {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash);
  }
  return segments;
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

std::string_view parameter_name(std::string_view segment) {
  return segment.substr(1, segment.size() - 2);
}

struct Entry {
  RouteInfo info;
  std::vector<std::string> parameters;  // names in the order of the path
  Handler handler;
  WebSocketAccept accept;
  WebSocketHandler websocket;
  WebSocketOptions websocket_options;
};

struct Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::map<std::string, std::unique_ptr<Entry>, std::less<>> methods;
  std::map<std::string, std::unique_ptr<Entry>, std::less<>> subtree_methods;  // of everything below
};

struct Search {
  std::string_view method;
  std::vector<std::string_view> segments;
  std::vector<std::string_view> values;  // of the parameters on the way
  std::map<std::string, bool> allowed;   // methods of every path that matched
  const Entry* found = nullptr;
};

void choose(const std::map<std::string, std::unique_ptr<Entry>, std::less<>>& methods, Search& search) {
  for (const auto& [method, entry] : methods) search.allowed[method] = true;
  const auto entry = methods.find(search.method);
  if (entry != methods.end()) search.found = entry->second.get();
}

// Depth first, literals before parameters before subtrees; at most two branches per segment.
void find(const Node& node, std::size_t depth, Search& search) {
  if (depth == search.segments.size()) return choose(node.methods, search);
  const std::string_view segment = search.segments[depth];
  if (const auto literal = node.literals.find(segment); literal != node.literals.end())
    find(*literal->second, depth + 1, search);
  if (search.found == nullptr && node.parameter != nullptr && !segment.empty()) {
    search.values.push_back(segment);
    find(*node.parameter, depth + 1, search);
    if (search.found == nullptr) search.values.pop_back();
  }
  if (search.found != nullptr || node.subtree_methods.empty()) return;
  choose(node.subtree_methods, search);
  const char* end = search.segments.back().data() + search.segments.back().size();
  if (search.found != nullptr)
    search.values.emplace_back(segment.data(), static_cast<std::size_t>(end - segment.data()));
}

}  // namespace

struct Router::Impl {
  Node root;
  std::vector<const Entry*> entries;

  void add(std::unique_ptr<Entry> entry) {
    const RouteInfo& info = entry->info;
    if (info.path.empty() || info.path.front() != '/')
      throw std::logic_error("a route's path begins with /: " + info.path);
    Node* node = &root;
    std::vector<std::string_view> segments = segments_of(info.path);
    const bool subtree = info.options.extent == Extent::kSubtree;
    if (subtree) {
      const std::string_view rest = segments.back();
      if (!is_parameter(rest)) throw std::logic_error("a subtree's path ends with a parameter: " + info.path);
      segments.pop_back();
    }
    for (const std::string_view segment : segments) {
      if (is_parameter(segment)) entry->parameters.emplace_back(parameter_name(segment));
      auto& next = is_parameter(segment) ? node->parameter : node->literals[std::string(segment)];
      if (next == nullptr) next = std::make_unique<Node>();
      node = next.get();
    }
    if (subtree) entry->parameters.emplace_back(parameter_name(segments_of(info.path).back()));
    auto& place = (subtree ? node->subtree_methods : node->methods)[info.method];
    if (place != nullptr) throw std::logic_error("the route " + info.method + " " + info.path + " is given twice");
    entries.push_back(entry.get());
    place = std::move(entry);
  }
};

Router::Router() : impl_(std::make_shared<Impl>()) {}
Router::~Router() = default;

void Router::add(std::string_view method, std::string_view path, Handler handler, RouteOptions options) {
  auto entry = std::make_unique<Entry>();
  entry->info = {.method = std::string(method), .path = std::string(path), .options = std::move(options)};
  entry->handler = std::move(handler);
  impl_->add(std::move(entry));
}

void Router::add_websocket(std::string_view path, WebSocketAccept accept, WebSocketHandler handler,
                           WebSocketOptions options) {
  auto entry = std::make_unique<Entry>();
  // Who may open one is decided by `accept`, since WebSocket clients bring passwords or certificates, not our tokens.
  entry->info = {
      .method = "GET", .path = std::string(path), .options = {.access = Access::kPublic, .body_limit_bytes = 0}};
  entry->accept = std::move(accept);
  entry->websocket = std::move(handler);
  entry->websocket_options = options;
  impl_->add(std::move(entry));
}

std::vector<RouteInfo> Router::routes() const {
  std::vector<RouteInfo> routes;
  for (const Entry* entry : impl_->entries) routes.push_back(entry->info);
  return routes;
}

Result<Router::Match> Router::match(Request& request) const {
  Search search{.method = request.method, .segments = segments_of(request.path), .values = {}, .allowed = {}};
  find(impl_->root, 0, search);
  if (search.found == nullptr && request.method == "HEAD") {
    search.method = "GET";
    search.values.clear();
    find(impl_->root, 0, search);
  }
  if (search.found == nullptr) {
    if (search.allowed.empty()) return fail(Code::kNotFound);
    std::string allowed;
    for (const auto& [method, unused] : search.allowed) allowed.append(allowed.empty() ? "" : ", ").append(method);
    return fail(Code::kMethodNotAllowed, std::move(allowed));
  }
  const Entry& entry = *search.found;
  request.route = entry.info.path;
  for (std::size_t i = 0; i < entry.parameters.size(); ++i)
    request.path_parameters[entry.parameters[i]] = search.values[i];
  Match match{.info = &entry.info, .table = impl_};
  if (entry.handler) match.handler = &entry.handler;
  if (entry.websocket) {
    match.accept = &entry.accept;
    match.websocket = &entry.websocket;
    match.websocket_options = &entry.websocket_options;
  }
  return match;
}

}  // namespace evc::http
