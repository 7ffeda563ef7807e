// common/preview.h - the beginning of a message as records show it: short, and without secrets.
//
//   {"type":"login","password":"hunter2"}      {"type":"login","password":"[redacted]"}
//   token=eyJhbGciOi...&room=5                 token=[redacted]&room=5
//   CONNECT\npasscode:hunter2\n                CONNECT\npasscode:[redacted]\n
//   eyJhbGciOiJIUzI1NiJ9.eyJzdWIi...           [redacted]
#pragma once

#include <string>
#include <string_view>

namespace wirelens {

/// Characters that a preview shows at most.
inline constexpr std::size_t kPreviewCharacters = 64;
/// Bytes that must be kept for one.
inline constexpr std::size_t kPreviewBytes = 4 * kPreviewCharacters;

/// Writes to `out` (its old content is gone) what a record may show of `text`, which is a message
/// or its first kPreviewBytes bytes. Values whose name says that they are secret (in JSON, in
/// queries, in header lines) and JSON Web Tokens are replaced unless `show_secrets`.
void write_preview(std::string_view text, bool show_secrets, std::string& out);

}  // namespace wirelens
