// fuzz/hpack_fuzz.cc - header blocks through the decoder and through nghttp2's inflater: while
// nghttp2 takes them, both must say the same. In front of each block stand two bytes of length.
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "http2/hpack.h"

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

/// False if nghttp2 refuses the block.
bool inflate(nghttp2_hd_inflater* inflater, Bytes block, std::vector<Seen>& seen) {
  for (;;) {
    nghttp2_nv field{};
    int flags = 0;
    const ssize_t used =
        nghttp2_hd_inflate_hd2(inflater, &field, &flags, block.data(), block.size(), 1);
    if (used < 0) return false;
    block = block.subspan(static_cast<std::size_t>(used));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      seen.push_back({std::string(as_text({field.name, field.namelen})),
                      std::string(as_text({field.value, field.valuelen}))});
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) == 0) continue;
    nghttp2_hd_inflate_end_headers(inflater);
    return true;
  }
}

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
  nghttp2_hd_inflater* inflater = nullptr;
  nghttp2_hd_inflate_new(&inflater);
  nghttp2_hd_inflate_change_table_size(inflater, http2::kMaxTable);
  bool same = true;
  while (reader.ok() && reader.left() > 2) {
    const std::size_t length = reader.u16();
    const Bytes block = reader.take(std::min(length, reader.left()));
    List ours, later;
    std::vector<Seen> theirs;
    const bool good = decoder.decode(block, ours);
    (void)late.decode(block, later);  // from the middle: anything but a crash
    same = same && inflate(inflater, block, theirs);
    if (same && !good) std::abort();
    if (same && !agree(ours.seen, theirs)) std::abort();
  }
  nghttp2_hd_inflate_del(inflater);
  return 0;
}
