// http1/chunked.cc - reading chunks.
#include "http1/chunked.h"

#include <cstring>

#include "base/work.h"
#include "common/http_text.h"
#include "http1/field_lines.h"

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

Part<ChunksEnd> read_chunks(Context& context, Input& in, http::Body& body) {
  for (;;) {
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

}  // namespace wirelens::http1
