// Looks every second whether there is another imported network in the folder, loads it on a thread of its own at low
// priority and puts it into the live network's place. One that is broken, cut off or foreign is refused once, with its
// reason in the log and a count; what is there stays. A folder that is gone means the shipped network again. Lives on
// the first worker.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "kit/runtime/cpu_pool.hpp"
#include "kit/runtime/worker.hpp"
#include "services/routing/networks/live_network.hpp"

namespace evc::routing {

struct NetworkFolders {
  std::string shipped;
  std::string roads;  // empty: never an imported one
};

// What tells one import from another: the manifest is written last and never changed.
struct FolderMark {
  std::filesystem::file_time_type written;
  std::uintmax_t inode = 0;
  bool operator==(const FolderMark&) const = default;
};
std::optional<FolderMark> mark_of(const std::string& folder);

// At the start: the imported network when there is a good one, else the shipped one; an error when that is broken.
Result<std::shared_ptr<const LoadedNetwork>> first_network(const NetworkFolders& folders,
                                                           const std::vector<ev::Vehicle>& vehicles);

class NetworkWatch {
 public:
  // `seen`: the mark before first_network() read the folder.
  NetworkWatch(Worker& worker, std::shared_ptr<LiveNetwork> live, NetworkFolders folders,
               std::optional<FolderMark> seen);
  Task<> run();
  // One look; what run() does every second.
  Task<> look();
  // What is being loaded is given up.
  Task<> stop();

 private:
  static constexpr std::chrono::milliseconds kLookEvery{1'000};
  static constexpr int kGoneLooks = 3;  // a folder is missing for a moment while another takes its place
  Task<> take(std::optional<FolderMark> mark);

  Worker& worker_;
  std::shared_ptr<LiveNetwork> live_;
  NetworkFolders folders_;
  std::optional<FolderMark> seen_;
  int gone_ = 0;
  std::shared_ptr<std::atomic<bool>> stopping_ = std::make_shared<std::atomic<bool>>(false);
  CpuPool pool_;
};

}  // namespace evc::routing
