// The provider's append-only file: one JSON object a line, written with one write() each, so that SIGKILL loses nothing
// that was answered (a power cut may). A last line that was cut short is dropped at the next start.
#pragma once

#include <functional>
#include <string>

namespace evc::payment_provider {

class Journal {
 public:
  // Hands every whole line of an existing file to `replay`, then opens it for appending. Throws std::runtime_error when
  // the file cannot be used.
  Journal(const std::string& path, const std::function<void(const std::string&)>& replay);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Ends the program when the disk refuses: an effect that is not written must not be answered.
  void append(const std::string& line);

 private:
  int fd_ = -1;
};

}  // namespace evc::payment_provider
