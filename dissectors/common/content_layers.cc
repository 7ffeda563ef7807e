// common/content_layers.cc - zlib, brotli and zstd.
#include "common/content_layers.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "common/booked_memory.h"

namespace wirelens::content {
namespace {

// ---- gzip (RFC 1952) and deflate (RFC 1950, or RFC 1951 as some servers send it)
// ---------------------

class ZlibLayer final : public Layer {
 public:
  ZlibLayer(Coding coding, Ledger& ledger) : coding_(coding) { book(stream_, ledger); }
  ~ZlibLayer() override {
    if (open_) inflateEnd(&stream_);
  }

  Step step(Bytes in, std::span<std::uint8_t> out) override {
    Step done;
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<uInt>(out.size());
    if (!open_ && !begin(in, done)) return done;
    const Bytes rest = in.subspan(done.consumed);
    if (over_ && !next_member(rest)) return {in.size(), 0, false};
    if (!done.broken && !over_) {
      done.broken = !inflate_some(rest);
      done.consumed += rest.size() - stream_.avail_in;
    }
    done.produced = out.size() - stream_.avail_out;
    return done;
  }

  bool over() const override { return over_; }

 private:
  /// Opens the stream once it is known what it is. False if more bytes are needed or it can't be.
  bool begin(Bytes in, Step& done) {
    const std::size_t needed = coding_ == Coding::gzip ? 0 : front_.size();
    while (front_size_ < needed && done.consumed < in.size()) {
      front_[front_size_++] = in[done.consumed++];
    }
    if (front_size_ < needed) return false;
    // RFC 1950: the first byte names method 8, and the first two are a multiple of 31.
    const bool zlib = (front_[0] & 0x0f) == 8 && load_be16(front_.data()) % 31 == 0;
    const int window = coding_ == Coding::gzip ? 15 + 16 : zlib ? 15 : -15;
    open_ = inflateInit2(&stream_, window) == Z_OK;
    done.broken = !open_ || !inflate_some(Bytes(front_).first(front_size_));
    return open_;
  }

  /// gzip may go on with another member; anything else behind the end is left alone.
  bool next_member(Bytes in) {
    if (coding_ != Coding::gzip || in.empty() || in[0] != 0x1f) return false;
    over_ = false;
    return inflateReset(&stream_) == Z_OK;
  }

  bool inflate_some(Bytes in) {
    stream_.next_in = const_cast<Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    const int result = inflate(&stream_, Z_NO_FLUSH);
    over_ = result == Z_STREAM_END;
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
  }

  z_stream stream_{};
  Coding coding_;
  std::array<std::uint8_t, 2> front_{};  // what tells zlib from raw deflate
  std::size_t front_size_ = 0;
  bool open_ = false;
  bool over_ = false;
};

// ---- br (RFC 7932)
// --------------------------------------------------------------------------------

class BrotliLayer final : public Layer {
 public:
  explicit BrotliLayer(Ledger& ledger)
      : state_(BrotliDecoderCreateInstance(allocate_booked, release_booked, &ledger)) {}
  ~BrotliLayer() override {
    if (state_) BrotliDecoderDestroyInstance(state_);
  }
  bool good() const { return state_ != nullptr; }

  Step step(Bytes in, std::span<std::uint8_t> out) override {
    if (over_) return {in.size(), 0, false};
    std::size_t in_left = in.size();
    std::size_t out_left = out.size();
    const std::uint8_t* next_in = in.data();
    std::uint8_t* next_out = out.data();
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state_, &in_left, &next_in, &out_left, &next_out, nullptr);
    over_ = result == BROTLI_DECODER_RESULT_SUCCESS;
    return {in.size() - in_left, out.size() - out_left, result == BROTLI_DECODER_RESULT_ERROR};
  }
  bool over() const override { return over_; }

 private:
  BrotliDecoderState* state_;
  bool over_ = false;
};

// ---- zstd (RFC 8878)
// --------------------------------------------------------------------------------

class ZstdLayer final : public Layer {
 public:
  explicit ZstdLayer(Ledger& ledger) : ledger_(ledger), stream_(ZSTD_createDStream()) {
    // RFC 9659: windows for the coding "zstd" are at most 8 MiB.
    if (stream_) ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, 23);
    charge();
  }
  ~ZstdLayer() override {
    ZSTD_freeDStream(stream_);
    ledger_.give(Charge::carry, charged_);
  }
  bool good() const { return stream_ != nullptr; }

  Step step(Bytes in, std::span<std::uint8_t> out) override {
    if (over_ && in.empty()) return {};
    ZSTD_inBuffer source{in.data(), in.size(), 0};
    ZSTD_outBuffer target{out.data(), out.size(), 0};
    const std::size_t result = ZSTD_decompressStream(stream_, &target, &source);
    charge();
    over_ = result == 0;
    return {source.pos, target.pos, ZSTD_isError(result) != 0};
  }
  bool over() const override { return over_; }

 private:
  void charge() {
    const std::size_t size = ZSTD_sizeof_DStream(stream_);
    ledger_.give(Charge::carry, charged_);
    ledger_.force(Charge::carry, size);
    charged_ = size;
  }

  Ledger& ledger_;
  ZSTD_DStream* stream_;
  std::size_t charged_ = 0;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<Layer> open_layer(Coding coding, Ledger& ledger) {
  switch (coding) {
    case Coding::gzip:
    case Coding::deflate:
      return std::make_unique<ZlibLayer>(coding, ledger);
    case Coding::brotli: {
      auto layer = std::make_unique<BrotliLayer>(ledger);
      return layer->good() ? std::move(layer) : nullptr;
    }
    case Coding::zstd: {
      auto layer = std::make_unique<ZstdLayer>(ledger);
      return layer->good() ? std::move(layer) : nullptr;
    }
  }
  return nullptr;
}

}  // namespace wirelens::content
