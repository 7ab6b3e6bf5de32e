// evcosta-fault-gate: gates from flags or from a file, and their control listener.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "kit/base/config.hpp"
#include "kit/http/server.hpp"
#include "kit/runtime/signals.hpp"
#include "simulators/fault_gate/control.hpp"

namespace evc::fault_gate {
namespace {

constexpr const char* kUsage =
    "usage: evcosta-fault-gate --listen PORT --target HOST:PORT --control PORT     one gate, called \"gate\"\n"
    "       evcosta-fault-gate --config FILE                                      gates of a YAML file, see "
    "README.md\n";

struct GateSettings {
  std::string name;
  std::int64_t listen = 0;
  std::string target;
};
BOOST_DESCRIBE_STRUCT(GateSettings, (), (name, listen, target))

struct ProgramSettings {
  std::int64_t control = 0;
  std::vector<GateSettings> gates;
};
BOOST_DESCRIBE_STRUCT(ProgramSettings, (), (control, gates))

std::uint16_t port_of(const std::string& what, std::int64_t port) {
  if (port < 0 || port > 65'535) throw std::invalid_argument(what + ": a port is expected");
  return static_cast<std::uint16_t>(port);
}

GateOptions gate_options(const GateSettings& settings) {
  const auto colon = settings.target.rfind(':');
  if (colon == std::string::npos || colon == 0)
    throw std::invalid_argument(settings.name + ": the target must be HOST:PORT");
  return {.name = settings.name,
          .listen_port = port_of(settings.name + ".listen", settings.listen),
          .target_host = settings.target.substr(0, colon),
          .target_port = port_of(settings.name + ".target", std::stol(settings.target.substr(colon + 1)))};
}

ProgramSettings read_settings(const std::vector<std::string>& arguments) {
  ProgramSettings settings;
  GateSettings only{.name = "gate"};
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
    const auto& flag = arguments[i];
    const auto& value = arguments[i + 1];
    if (flag == "--config") return settings_as<ProgramSettings>(load_settings(value, {}));
    if (flag == "--listen")
      only.listen = std::stol(value);
    else if (flag == "--target")
      only.target = value;
    else if (flag == "--control")
      settings.control = std::stol(value);
    else
      throw std::invalid_argument("unknown argument " + flag);
  }
  if (arguments.size() % 2 != 0 || only.target.empty())
    throw std::invalid_argument("--listen, --target and --control are needed");
  settings.gates.push_back(std::move(only));
  return settings;
}

void run(const ProgramSettings& settings) {
  Worker worker;
  std::vector<std::unique_ptr<Gate>> gates;
  for (const auto& each : settings.gates) gates.push_back(std::make_unique<Gate>(worker, gate_options(each)));
  http::Server control(worker, control_routes(gates), {},
                       {.port = port_of("control", settings.control),
                        .server_name = "fault-gate",
                        .traces = http::ServerOptions::Traces::kUnsampled});
  control.start();
  for (auto& gate : gates) worker.tasks().spawn("gate", gate->run());
  const StopSignals signals(worker, [&worker](int) { worker.stop(); });
  std::printf("fault gate: control on port %u", control.port());
  for (const auto& gate : gates)
    std::printf(", %s on %u to %s:%u", gate->options().name.c_str(), gate->port(), gate->options().target_host.c_str(),
                gate->options().target_port);
  std::printf("\n");
  std::fflush(stdout);
  worker.run();
}

}  // namespace
}  // namespace evc::fault_gate

int main(int argc, char** argv) {
  try {
    evc::fault_gate::run(evc::fault_gate::read_settings({argv + 1, argv + argc}));
    return 0;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "evcosta-fault-gate: %s\n%s", error.what(), evc::fault_gate::kUsage);
    return 64;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "evcosta-fault-gate: %s\n", error.what());
    return 1;
  }
}
