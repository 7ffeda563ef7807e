// tests/support/nghttp2.h - header blocks by nghttp2: what ours is compared with.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace wirelens::testing {

/// One connection's encoder.
class Nghttp2Deflater {
 public:
  /// With a dynamic table of `table` bytes.
  explicit Nghttp2Deflater(std::size_t table) {
    nghttp2_hd_deflate_new(&deflater_, table);
    nghttp2_hd_deflate_change_table_size(deflater_, table);
  }
  Nghttp2Deflater(const Nghttp2Deflater&) = delete;
  Nghttp2Deflater& operator=(const Nghttp2Deflater&) = delete;
  ~Nghttp2Deflater() { nghttp2_hd_deflate_del(deflater_); }

  std::string block(const std::vector<std::pair<std::string, std::string>>& fields) {
    std::vector<nghttp2_nv> values;
    for (const auto& [name, value] : fields) {
      values.push_back(
          {bytes_of(name), bytes_of(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    std::string block(nghttp2_hd_deflate_bound(deflater_, values.data(), values.size()), '\0');
    const ssize_t size = nghttp2_hd_deflate_hd(deflater_, bytes_of(block), block.size(),
                                               values.data(), values.size());
    block.resize(static_cast<std::size_t>(size));
    return block;
  }

 private:
  static std::uint8_t* bytes_of(const std::string& text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  }

  nghttp2_hd_deflater* deflater_ = nullptr;
};

/// One connection's decoder.
class Nghttp2Inflater {
 public:
  /// The encoder may ask for a dynamic table of `table` bytes.
  explicit Nghttp2Inflater(std::size_t table) {
    nghttp2_hd_inflate_new(&inflater_);
    nghttp2_hd_inflate_change_table_size(inflater_, table);
  }
  Nghttp2Inflater(const Nghttp2Inflater&) = delete;
  Nghttp2Inflater& operator=(const Nghttp2Inflater&) = delete;
  ~Nghttp2Inflater() { nghttp2_hd_inflate_del(inflater_); }

  /// Calls take(name, value), lent for the call, for each field. False if nghttp2 refuses the
  /// block.
  template <class Take>
  bool inflate(Bytes block, const Take& take) {
    for (;;) {
      nghttp2_nv field{};
      int flags = 0;
      const ssize_t used =
          nghttp2_hd_inflate_hd2(inflater_, &field, &flags, block.data(), block.size(), 1);
      if (used < 0) return false;
      block = block.subspan(static_cast<std::size_t>(used));
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        take(as_text({field.name, field.namelen}), as_text({field.value, field.valuelen}));
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) == 0) continue;
      nghttp2_hd_inflate_end_headers(inflater_);
      return true;
    }
  }

 private:
  nghttp2_hd_inflater* inflater_ = nullptr;
};

}  // namespace wirelens::testing
