// The console's built files, read once into memory when the gateway starts or is told to look again, so that no request
// ever names a path of the disk. Beside a file, `<name>.br` and `<name>.gz` are its other forms. Read-only after
// load(); all workers share one. Limits: 5,000 files, 64 MiB.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "kit/base/result.hpp"
#include "services/gateway/console/encodings.hpp"

namespace evc::gateway {

struct FileForm {
  std::string bytes;
  std::string tag;  // a strong ETag, with its quotation marks; empty: this form is not there
};

struct ServedFile {
  std::string content_type;
  FileForm plain, gzip, brotli;

  EncodingsAtHand at_hand() const { return {.gzip = !gzip.tag.empty(), .brotli = !brotli.tag.empty()}; }
  const FileForm& form(Encoding encoding) const;
};

class FileSet {
 public:
  // Links and names that begin with a dot are left out. An error when `folder` is no folder, has no index.html, or
  // holds more than the limits.
  static Result<FileSet> load(const std::string& folder);
  // `path` as below the folder: "assets/app.js". nullptr: not there.
  const ServedFile* find(std::string_view path) const;
  std::size_t size() const { return files_.size(); }

 private:
  std::map<std::string, ServedFile, std::less<>> files_;
};

}  // namespace evc::gateway
