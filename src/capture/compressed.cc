// capture/compressed.cc - zlib and libzstd behind one loop.
#include "capture/compressed.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <utility>

namespace wirelens {
namespace {

/// What one step of a decompressor did.
struct Step {
  std::size_t taken = 0;
  std::size_t made = 0;
  std::string fault;
};

class Gzip {
 public:
  static constexpr std::string_view kName = "gzip";

  Gzip() { inflateInit2(&state_, 16 + MAX_WBITS); }
  ~Gzip() { inflateEnd(&state_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  Step step(Bytes in, std::span<std::uint8_t> out) {
    if (between_) {
      const auto data = std::find_if(in.begin(), in.end(), [](auto byte) { return byte != 0; });
      if (data != in.begin() || in.empty())
        return {static_cast<std::size_t>(data - in.begin()), 0, {}};
      inflateReset(&state_);
      between_ = false;
    }
    state_.next_in = const_cast<Bytef*>(in.data());
    state_.avail_in = static_cast<uInt>(in.size());
    state_.next_out = out.data();
    state_.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), 1u << 30));
    const uInt room = state_.avail_out;
    const int status = inflate(&state_, Z_NO_FLUSH);
    Step step{in.size() - state_.avail_in, room - state_.avail_out, {}};
    if (status == Z_STREAM_END) between_ = true;
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
      step.fault = state_.msg != nullptr ? state_.msg : "damaged";
    }
    return step;
  }
  /// The input may end here.
  bool whole() const { return between_; }

 private:
  z_stream state_{};
  bool between_ = true;  ///< members: the next byte begins one
};

class Zstd {
 public:
  static constexpr std::string_view kName = "zstd";

  Zstd() { ZSTD_DCtx_setParameter(state_, ZSTD_d_windowLogMax, kMaxZstdWindowLog); }
  ~Zstd() { ZSTD_freeDCtx(state_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;

  Step step(Bytes in, std::span<std::uint8_t> out) {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t left = ZSTD_decompressStream(state_, &to, &from);
    if (ZSTD_isError(left)) return {from.pos, to.pos, ZSTD_getErrorName(left)};
    // 0 comes once at the end of a frame. A call that did nothing says nothing about it.
    if (from.pos > 0 || to.pos > 0) whole_ = left == 0;
    return {from.pos, to.pos, {}};
  }
  bool whole() const { return whole_; }

 private:
  ZSTD_DCtx* state_ = ZSTD_createDCtx();
  bool whole_ = true;
};

template <class Decompressor>
class Decompressed final : public ByteStream {
 public:
  explicit Decompressed(std::unique_ptr<ByteStream> compressed)
      : compressed_(std::move(compressed)), input_(kInput) {}

  Read read(std::span<std::uint8_t> into) override {
    while (fault_.empty()) {
      const Step step = decompressor_.step(Bytes(input_).subspan(begin_, end_ - begin_), into);
      begin_ += step.taken;
      if (!step.fault.empty()) fault_ = std::string(Decompressor::kName) + ": " + step.fault;
      if (step.made > 0) return {step.made, FeedState::open};
      if (step.taken > 0 || !fault_.empty()) continue;
      const Read more = refill();
      if (more.state == FeedState::ended && !decompressor_.whole()) {
        fault_ = std::string(Decompressor::kName) + ": cut short";
      } else if (more.count == 0) {
        return {0, more.state};
      }
    }
    return {0, FeedState::broken};
  }
  std::string fault() const override { return fault_.empty() ? compressed_->fault() : fault_; }
  std::uint64_t bytes_read() const override { return compressed_->bytes_read(); }
  std::optional<std::uint64_t> bytes_total() const override { return compressed_->bytes_total(); }

 private:
  static constexpr std::size_t kInput = 64u << 10;

  /// Reads behind what the decompressor has left over.
  Read refill() {
    std::copy(input_.begin() + static_cast<std::ptrdiff_t>(begin_),
              input_.begin() + static_cast<std::ptrdiff_t>(end_), input_.begin());
    end_ -= begin_;
    begin_ = 0;
    if (end_ == input_.size()) {
      fault_ = std::string(Decompressor::kName) + ": makes no headway";
      return {0, FeedState::broken};
    }
    const Read more = compressed_->read(std::span(input_).subspan(end_));
    end_ += more.count;
    return more;
  }

  std::unique_ptr<ByteStream> compressed_;
  Decompressor decompressor_;
  std::vector<std::uint8_t> input_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string fault_;
};

}  // namespace

Compression compression_of(Bytes head) {
  if (head.size() >= 2 && head[0] == 0x1f && head[1] == 0x8b) return Compression::gzip;
  if (head.size() < 4) return Compression::none;
  const std::uint32_t magic = load_le32(head.data());
  const bool skippable = (magic & 0xfffffff0) == 0x184d2a50;
  return magic == 0xfd2fb528 || skippable ? Compression::zstd : Compression::none;
}

std::unique_ptr<ByteStream> gunzip(std::unique_ptr<ByteStream> compressed) {
  return std::make_unique<Decompressed<Gzip>>(std::move(compressed));
}

std::unique_ptr<ByteStream> unzstd(std::unique_ptr<ByteStream> compressed) {
  return std::make_unique<Decompressed<Zstd>>(std::move(compressed));
}

}  // namespace wirelens
