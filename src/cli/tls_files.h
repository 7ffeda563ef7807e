// cli/tls_files.h - --keylog, --tls-key and --ca-file: what their files hold, looked at before the
// run.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "engine/engine.h"

namespace wirelens {

/// Files that the user named; nothing where they did not.
struct TlsFiles {
  std::optional<std::string> key_log;
  std::optional<std::string> private_key;
  std::optional<std::string> authorities;
};

/// Reads them into `engine`. The key log of a `live` run is read while it grows, and may come
/// later. The Error names the option.
std::optional<Error> take_tls_files(const TlsFiles& files, bool live, EngineOptions& engine);

}  // namespace wirelens
