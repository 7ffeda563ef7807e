// tls/find_record.cc - looking for headers.
#include "tls/find_record.h"

#include "base/work.h"
#include "tls/record.h"

namespace wirelens::tls {
namespace {

constexpr std::size_t kMaxSearch = 2 * (RecordHeader::kSize + RecordHeader::kMaxLength);

/// As strict as a header allows: what senders do, not all that they may.
bool is_plausible(Bytes bytes) {
  const auto header = read_record_header(bytes);
  if (!header || header->version > kTls12) return false;
  switch (header->type) {
    case ContentType::change_cipher_spec:
      return header->length == 1;
    case ContentType::alert:
      return header->length == 2 || header->length >= 16;
    default:
      return header->length >= 4;
  }
}

bool is_record(Bytes bytes) {
  if (bytes.size() < RecordHeader::kSize || !is_plausible(bytes)) return false;
  const std::size_t next = read_record_header(bytes)->whole();
  return bytes.size() < next + RecordHeader::kSize || is_plausible(bytes.subspan(next));
}

}  // namespace

Part<bool> find_record(Input& in) {
  const bool any = co_await in.more(RecordHeader::kSize);
  if (!any || is_record(in.available())) co_return any;
  // Offset 0 was no record; a found one makes a token of what lies before it.
  const auto scan = [](Bytes bytes, std::size_t seen) -> std::size_t {
    constexpr std::size_t kBack = RecordHeader::kSize - 1;
    for (std::size_t at = seen > kBack ? seen - kBack : 1; at + kBack < bytes.size(); ++at) {
      work();
      if (bytes[at] >= 20 && bytes[at] <= 24 && is_record(bytes.subspan(at))) return at;
    }
    return 0;
  };
  const Token token = co_await in.gather(scan, kMaxSearch);
  co_return token.complete;
}

}  // namespace wirelens::tls
