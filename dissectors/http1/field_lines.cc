// http1/field_lines.cc - one line after another, each in a bounded buffer.
#include "http1/field_lines.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace wirelens::http1 {

std::size_t piece_of_line(Bytes available, std::size_t) {
  const void* lf = std::memchr(available.data(), '\n', available.size());
  return lf ? static_cast<std::size_t>(static_cast<const std::uint8_t*>(lf) - available.data()) + 1
            : available.size();
}

Part<bool> read_field_lines(Input& in, HeadParser& parser, std::string_view begun) {
  std::pmr::string line(begun, &in.memory());
  // A start line that long: its end says which version it is.
  bool start_line = !begun.empty() && begun.size() >= kMaxHead;
  std::size_t most = start_line ? kMaxRequestLine : kMaxLine;
  constexpr std::size_t kEnd = 16;
  std::pmr::string last(&in.memory());
  if (line.size() > most) {
    last.assign(line, line.size() - kEnd);
    line.resize(most);
  }
  while (co_await in.more()) {
    const Token token = co_await in.gather(piece_of_line, kMaxHead);
    std::string_view piece = as_text(token.bytes);
    const bool ends = piece.ends_with('\n');
    if (ends) piece.remove_suffix(1);
    line.append(piece.substr(0, most - std::min(most, line.size())));
    last.append(piece.substr(piece.size() - std::min(piece.size(), kEnd)));
    if (last.size() > kEnd) last.erase(0, last.size() - kEnd);
    if (!ends) continue;
    if (line.ends_with('\r')) line.pop_back();
    if (last.ends_with('\r')) last.pop_back();
    if (start_line) {
      line.append(last, last.find_last_of(' ') == std::string_view::npos ? last.size()
                                                                         : last.find_last_of(' '));
      parser.head().faults.add(Fault::long_request_line);
      parser.start_line(line);
    } else if (line.empty()) {
      co_return true;
    } else {
      parser.field_line(line, false);
    }
    start_line = false;
    most = kMaxLine;
    line.clear();
    last.clear();
  }
  co_return false;
}

}  // namespace wirelens::http1
