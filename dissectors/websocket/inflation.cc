// websocket/inflation.cc - zlib streams that outlive their messages.
#include "websocket/inflation.h"

#include <algorithm>
#include <array>

#include "base/work.h"
#include "common/booked_memory.h"

namespace wirelens::websocket {
namespace {

constexpr std::size_t kWindow = 32768;
constexpr std::size_t kStep = 4096;
/// What the sender took off the end of the message (RFC 7692 section 7.2.1).
constexpr std::array<std::uint8_t, 4> kTail = {0x00, 0x00, 0xff, 0xff};

}  // namespace

class Inflation::Stream {
 public:
  Stream(int window_bits, Ledger& ledger) {
    book(stream_, ledger);
    // zlib's own compressor takes 9 where 8 was agreed on.
    good_ = inflateInit2(&stream_, -std::max(window_bits, 9)) == Z_OK;
  }
  ~Stream() {
    if (good_) inflateEnd(&stream_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  bool good() const { return good_; }
  void forget() { inflateReset(&stream_); }
  void pretend(std::uint8_t placeholder) {
    std::array<std::uint8_t, kWindow> window;
    window.fill(placeholder);
    inflateSetDictionary(&stream_, window.data(), window.size());
  }

  struct Progress {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool broken = false;
  };
  Progress run(Bytes in, std::array<std::uint8_t, kStep>& out) {
    stream_.next_in = const_cast<Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream_, Z_SYNC_FLUSH);
    Progress done{in.size() - stream_.avail_in, out.size() - stream_.avail_out, false};
    done.broken = result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR;
    if (result == Z_STREAM_END) go_on();
    return done;
  }

 private:
  /// Behind a final block another may follow, and refer to what came before it (RFC 7692 section
  /// 7.2.3.4).
  void go_on() {
    std::array<std::uint8_t, kWindow> window;
    uInt size = 0;
    inflateGetDictionary(&stream_, window.data(), &size);
    inflateReset(&stream_);
    inflateSetDictionary(&stream_, window.data(), size);
  }

  z_stream stream_{};
  bool good_ = false;
};

Inflation::Inflation(const Compression& compression, bool midstream, Ledger& ledger)
    : compression_(compression), ledger_(ledger), lost_(midstream) {}
Inflation::~Inflation() = default;

Inflation::State Inflation::begin() {
  message_ = 0;
  state_ = State::refused;
  if (strikes_ >= kMaxStrikes) return state_;
  if (!stream_) {
    if (ledger_.pressed()) {
      lost_ = true;
      return state_;
    }
    stream_ = std::make_unique<Stream>(compression_.window_bits, ledger_);
    if (!stream_->good()) return stop(State::refused);
  } else if (!compression_.context_takeover) {
    stream_->forget();
  }
  if (lost_ && compression_.context_takeover && !shadow_) {
    shadow_ = std::make_unique<Stream>(compression_.window_bits, ledger_);
    if (!shadow_->good()) return stop(State::refused);
    stream_->pretend(0x00);
    shadow_->pretend(0xff);
    agreed_ = 0;
  }
  lost_ = false;
  return state_ = State::going;
}

Inflation::State Inflation::stop(State why) {
  if (why != State::refused) ++strikes_;
  lose();
  return state_ = why;
}

void Inflation::lose() {
  stream_.reset();
  shadow_.reset();
  lost_ = true;
}

Inflation::State Inflation::run(Bytes bytes, InflatedSink& out) {
  std::array<std::uint8_t, kStep> main;
  std::array<std::uint8_t, kStep> other;
  for (;;) {
    const Stream::Progress step = stream_->run(bytes, main);
    if (shadow_) shadow_->run(bytes, other);
    work(step.consumed + step.produced + 1);
    bytes = bytes.subspan(step.consumed);
    received_ += step.consumed;
    message_ += step.produced;
    produced_ += step.produced;
    if (produced_ > kFreeOutput && produced_ / kMaxRatio > received_) return stop(State::bomb);
    if (message_ > kMaxInflated) return stop(State::too_large);
    if (step.produced > 0) {
      const Bytes certain = Bytes(main).first(step.produced);
      const Bytes doubtful = shadow_ ? Bytes(other).first(step.produced) : Bytes();
      out.inflated(certain, doubtful);
      if (shadow_) {
        const auto differ = std::mismatch(certain.rbegin(), certain.rend(), doubtful.rbegin());
        const auto alike = static_cast<std::size_t>(differ.first - certain.rbegin());
        agreed_ = alike == certain.size() ? agreed_ + alike : alike;
        if (agreed_ >= kWindow) shadow_.reset();
      }
    }
    if (step.broken) return stop(State::broken);
    if (step.produced < kStep && bytes.empty()) return State::going;
    if (step.produced == 0 && step.consumed == 0) return stop(State::broken);
  }
}

Inflation::State Inflation::feed(Bytes bytes, InflatedSink& out) {
  if (state_ != State::going) return state_;
  return state_ = run(bytes, out);
}

Inflation::State Inflation::end(InflatedSink& out) {
  if (state_ != State::going) return state_;
  return state_ = run(kTail, out);
}

}  // namespace wirelens::websocket
