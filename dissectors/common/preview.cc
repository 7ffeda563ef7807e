// common/preview.cc - the beginning of a message, in whole characters.
#include "common/preview.h"

#include "common/named_secrets.h"
#include "common/utf8.h"

namespace wirelens {

void write_preview(std::string_view text, bool show_secrets, std::string& out) {
  text = text.substr(0, kPreviewBytes);
  out.clear();
  if (show_secrets) {
    out.append(text.substr(0, utf8_prefix(text, kPreviewCharacters)));
    return;
  }
  http::append_without_secrets(text, out);
  out.resize(utf8_prefix(out, kPreviewCharacters));
}

}  // namespace wirelens
