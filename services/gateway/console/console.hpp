// GET /console and everything below: the operator console's files with what a browser must be told about them. A path
// that names no file is a page of the console itself and gets index.html; below assets/ and where it looks like a file
// it is 404. One Console per process, shared by the workers.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "kit/http/message.hpp"
#include "services/gateway/console/file_set.hpp"

namespace evc::gateway {

class Console {
 public:
  // Without files every answer is console-not-installed.
  explicit Console(std::string folder);
  // Looks again; what was served before stays when the folder cannot be read now.
  void reload();
  http::Response answer(const RequestContext& context, const http::Request& request) const;

 private:
  std::shared_ptr<const FileSet> files() const;

  std::string folder_;
  mutable std::mutex mutex_;
  std::shared_ptr<const FileSet> files_;  // null: there are none
};

}  // namespace evc::gateway
