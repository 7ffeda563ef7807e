// http1/chunked.cc - reading chunks.
#include "http1/chunked.h"

#include <cstring>

#include "base/work.h"
#include "common/http_text.h"
#include "http1/field_lines.h"
#include "http1/start_line.h"

namespace wirelens::http1 {
namespace {

constexpr std::size_t kMaxSizeLine = kMaxSizeDigits + kMaxExtension + 2;

std::size_t whole_line(Bytes available, std::size_t seen) {
  const void* lf = std::memchr(available.data() + seen, '\n', available.size() - seen);
  return lf ? static_cast<std::size_t>(static_cast<const std::uint8_t*>(lf) - available.data()) + 1
            : 0;
}

int hexadecimal(char c) {
  if (http::is_digit(c)) return c - '0';
  const char low = http::lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

std::string_view without_end(std::string_view line) {
  line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::optional<std::uint64_t> chunk_size(std::string_view line) {
  std::uint64_t size = 0;
  std::size_t digits = 0;
  for (; digits < line.size() && hexadecimal(line[digits]) >= 0; ++digits) {
    if (digits == kMaxSizeDigits) return std::nullopt;
    size = size << 4 | static_cast<std::uint64_t>(hexadecimal(line[digits]));
  }
  const std::string_view rest = http::trimmed(line.substr(digits));
  if (digits == 0 || (!rest.empty() && rest.front() != ';')) return std::nullopt;
  return size;
}

Part<ChunksEnd> read_chunks(Context& context, Input& in, http::Body& body, ChunkPlace& place) {
  for (;;) {
    place = {in.position(), body.taken()};
    const Token token = co_await in.gather(whole_line, kMaxSizeLine);
    if (!token.complete && !token.too_long) co_return ChunksEnd::cut_short;
    const std::string_view line =
        token.complete ? without_end(as_text(token.bytes)) : as_text(token.bytes);
    const std::optional<std::uint64_t> size = chunk_size(line);
    if (!size) {
      context.flaw(kMalformedChunk, in.from());
      co_return ChunksEnd::malformed;
    }
    if (token.too_long) context.flaw(kLongExtension, in.from());
    for (bool whole = token.complete; !whole;) {
      const Token more = co_await in.gather(piece_of_line, kMaxSizeLine);
      if (more.bytes.empty()) co_return ChunksEnd::cut_short;
      whole = more.bytes.back() == '\n';
    }
    work();
    if (*size == 0) break;
    place = {in.position(), body.taken()};
    const std::uint64_t passed = co_await in.pass(*size, &body);
    if (passed < *size) co_return ChunksEnd::cut_short;
    const Token end = co_await in.gather(whole_line, 2);
    if (!end.complete && !end.too_long) co_return ChunksEnd::cut_short;
    if (!end.complete || !without_end(as_text(end.bytes)).empty()) {
      context.flaw(kMalformedChunk, in.from());
      co_return ChunksEnd::malformed;
    }
  }
  HeadParser trailers(Kind::response, nullptr, 0);
  auto reading = read_field_lines(in, trailers, {});
  const bool whole = co_await reading;
  if (trailers.head().faults.has(Fault::malformed_field))
    context.flaw(kMalformedTrailer, in.from());
  co_return whole ? ChunksEnd::last_chunk : ChunksEnd::cut_short;
}

namespace {

/// Longer lines with a chunk's size are not believed in: extensions are all but extinct.
constexpr std::size_t kLongestBelieved = 64;

struct Finding {
  enum class What : std::uint8_t { nothing, maybe, chunk, message };
  What what = What::nothing;
  std::size_t needed = 0;  ///< maybe: bytes that would decide
};

/// The line that `text` begins with, its CRLF included; empty if it is not there whole.
std::string_view line_of(std::string_view text) {
  const std::size_t end = text.substr(0, kLongestBelieved).find("\r\n");
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end + 2);
}

bool begins_like_size(std::string_view text) {
  const std::string_view line = line_of(text);
  if (!line.empty()) return chunk_size(without_end(line)).has_value();
  return text.empty() || hexadecimal(text.front()) >= 0;
}

Finding judge_chunk(std::string_view text) {
  using What = Finding::What;
  work();
  const std::string_view line = line_of(text);
  if (line.empty()) {
    const bool short_yet = text.size() < kLongestBelieved && begins_like_size(text);
    return {short_yet ? What::maybe : What::nothing, text.size() + 1};
  }
  const std::optional<std::uint64_t> size = chunk_size(without_end(line));
  if (!size || *size > Input::kMaxHeld - kLongestBelieved - 2) return {};
  const std::size_t end = line.size() + static_cast<std::size_t>(*size) + 2;
  if (text.size() < end) return {What::maybe, end};
  if (text.substr(end - 2, 2) != "\r\n") return {};
  // Behind the last chunk the empty line ends all, or trailers would have to be told from content.
  const bool goes_on = *size == 0 || begins_like_size(text.substr(end));
  return {goes_on ? What::chunk : What::nothing, 0};
}

Finding judge_line(std::string_view text, Kind kind, bool ended) {
  if (const std::string_view line = text.substr(0, text.find('\n'));
      line.size() < text.size() &&
      is_certain_start_line(kind, without_end(text.substr(0, line.size() + 1)))) {
    return {Finding::What::message, 0};
  }
  Finding finding = judge_chunk(text);
  if (finding.what == Finding::What::maybe && ended) finding.what = Finding::What::nothing;
  return finding;
}

}  // namespace

Part<bool> find_chunk(Input& in, Kind kind, std::uint64_t& skipped) {
  using What = Finding::What;
  bool first = true;  // behind the hole a line may begin
  while (co_await in.more(first ? 1 : 3)) {
    const std::string_view text = as_text(in.available());
    std::size_t at = 0;
    Finding finding;
    if (first) finding = judge_line(text, kind, in.ended());
    while (finding.what == What::nothing) {
      const std::size_t end = text.find("\r\n", at);
      if (end == std::string_view::npos || end + 2 == text.size()) break;
      at = end + 2;
      finding = judge_line(text.substr(at), kind, in.ended());
    }
    // A CRLF may go on in the next packet.
    if (finding.what == What::nothing)
      at = in.ended() ? text.size() : text.size() - std::min<std::size_t>(2, text.size());
    skipped += at;
    first = finding.what == What::maybe;
    const std::size_t needed = finding.needed;
    if (at > 0) co_await in.take(at);
    if (finding.what == What::chunk) co_return true;
    if (finding.what == What::message) co_return false;
    if (first) co_await in.more(needed);
  }
  co_return false;
}

}  // namespace wirelens::http1
