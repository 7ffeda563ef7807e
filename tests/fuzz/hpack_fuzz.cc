// fuzz/hpack_fuzz.cc - header blocks through the decoder and through nghttp2's inflater: while
// nghttp2 takes them, both must say the same. In front of each block stand two bytes of length.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "http2/hpack.h"
#include "support/nghttp2.h"

namespace {

using namespace wirelens;

struct Seen {
  std::string name;
  std::string value;
  bool known = true;
  bool operator==(const Seen&) const = default;
};

class List final : public http2::FieldSink {
 public:
  void field(std::string_view name, std::string_view value) override {
    seen.push_back({std::string(name), std::string(value)});
  }
  void unknown() override { seen.push_back({"", "", false}); }

  std::vector<Seen> seen;
};

/// Fields that refer to a long name that was not copied are unknown, and nothing else is.
bool agree(const std::vector<Seen>& ours, const std::vector<Seen>& theirs) {
  if (ours.size() != theirs.size()) return false;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const bool excused = !ours[i].known && theirs[i].name.size() > http2::kMaxRepeatedName;
    if (!excused && ours[i] != theirs[i]) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader({data, size});
  http2::HeaderDecoder decoder(*std::pmr::new_delete_resource());
  http2::HeaderDecoder late(*std::pmr::new_delete_resource());
  late.lose();
  testing::Nghttp2Inflater inflater(http2::kMaxTable);
  bool same = true;
  while (reader.ok() && reader.left() > 2) {
    const std::size_t length = reader.u16();
    const Bytes block = reader.take(std::min(length, reader.left()));
    List ours, later, theirs;
    const bool good = decoder.decode(block, ours);
    (void)late.decode(block, later);  // from the middle: anything but a crash
    same = same && inflater.inflate(block, [&](std::string_view name, std::string_view value) {
      theirs.field(name, value);
    });
    if (same && !good) std::abort();
    if (same && !agree(ours.seen, theirs.seen)) std::abort();
  }
  return 0;
}
