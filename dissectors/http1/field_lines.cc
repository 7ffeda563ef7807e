// http1/field_lines.cc - one line after another, each in a bounded buffer.
#include "http1/field_lines.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/work.h"

namespace wirelens::http1 {

std::size_t piece_of_line(Bytes available, std::size_t) {
  const void* lf = std::memchr(available.data(), '\n', available.size());
  return lf ? static_cast<std::size_t>(static_cast<const std::uint8_t*>(lf) - available.data()) + 1
            : available.size();
}

Part<bool> read_field_lines(Input& in, HeadParser& parser, std::string_view begun) {
  std::pmr::string line(begun.substr(0, kMaxLine), &in.memory());
  while (co_await in.more()) {
    const Token token = co_await in.gather(piece_of_line, kMaxHead);
    std::string_view piece = as_text(token.bytes);
    work(piece.size() + 1);
    const bool ends = piece.ends_with('\n');
    if (ends) piece.remove_suffix(1);
    line.append(piece.substr(0, kMaxLine - line.size()));
    if (!ends) continue;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) co_return true;
    parser.field_line(line, false);
    line.clear();
  }
  co_return false;
}

Part<bool> read_long_start_line(Input& in, KeptHead& head, std::string_view begun) {
  constexpr std::size_t kEnd = 16;
  std::pmr::string line(begun.substr(0, kMaxRequestLine), &in.memory());
  std::pmr::string end(begun.substr(begun.size() - std::min(begun.size(), kEnd)), &in.memory());
  bool whole = false;
  while (!whole && co_await in.more()) {
    const Token token = co_await in.gather(piece_of_line, kMaxHead);
    std::string_view piece = as_text(token.bytes);
    work(piece.size() + 1);
    whole = piece.ends_with('\n');
    if (whole) piece.remove_suffix(1);
    end.append(piece.substr(piece.size() - std::min(piece.size(), kEnd)));
    end.erase(0, end.size() - std::min(end.size(), kEnd));
  }
  if (end.ends_with('\r')) end.pop_back();
  const std::size_t version = end.find_last_of(' ');
  if (whole && version != std::string::npos) line.append(end, version);
  head.keep_start_line(line);
  co_return whole;
}

}  // namespace wirelens::http1
