// Forward-only migrations: files NNNN_name.sql of a folder, each in one transaction, under an advisory lock, recorded
// with their SHA-256 in schema_migrations. A changed file that was already applied ends the start. Blocking: runs once
// before the workers start.
#pragma once

#include <string>

namespace evc::postgres {

// Throws std::runtime_error with file and reason. Returns the number of newly applied files.
int migrate(const std::string& conninfo, const std::string& folder);

}  // namespace evc::postgres
