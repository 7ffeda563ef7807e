// common/named_secrets.h - secrets in a text that has names for them, whatever its notation: JSON
// (also inside of JSON strings, also cut off), queries, header lines; and JSON Web Tokens, which
// look it.
#pragma once

#include <string>
#include <string_view>

namespace wirelens::http {

/// Appends `text` with the values of secret names, and JSON Web Tokens, replaced by kRedacted: in
/// quotes where JSON had none. True if one was.
bool append_without_secrets(std::string_view text, std::string& out);

}  // namespace wirelens::http
