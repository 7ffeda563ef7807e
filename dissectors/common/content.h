// common/content.h - undoes content codings (RFC 9110 section 8.4.1), in bounds.
//
// Streaming: what comes in is decoded at once and lent on in windows of 16 KiB. Nobody can make a
// decoder work for longer than its bounds: 8 MiB out per message, a ratio of 1,000 once 64 KiB have
// come out, two codings on top of each other. Who owns a connection stops after kMaxStrikes bombs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/ledger.h"
#include "dissect/input.h"
#include "event/flaw.h"

namespace wirelens::content {

enum class Coding : std::uint8_t { gzip, deflate, brotli, zstd };

inline constexpr std::size_t kMaxLayers = 2;
inline constexpr std::size_t kWindow = 16384;
/// Content beyond is not decoded further, unless somebody reads it as a stream; its decoded size is
/// not known.
inline constexpr std::uint64_t kMaxDecoded = 8u << 20;
/// More out than this many times in is a bomb, once kFreeOutput bytes have come out.
inline constexpr std::uint64_t kMaxRatio = 1000;
inline constexpr std::uint64_t kFreeOutput = 65536;
/// Bombs and broken contents of one connection after which nothing more of it is decoded.
inline constexpr unsigned kMaxStrikes = 3;

inline constexpr Flaw kBomb{"http.content_bomb", "RFC 9110 8.4"};
/// Bytes are missing: what follows them cannot be decoded.
inline constexpr Flaw kCut{"http.content_cut", "RFC 9110 8.4"};
inline constexpr Flaw kBroken{"http.content_broken", "RFC 9110 8.4.1"};

/// Codings in the order in which they were applied.
struct Codings {
  std::array<Coding, kMaxLayers> layers{};
  std::size_t count = 0;
};
/// What a Content-Encoding field says; `identity` counts as none. Nothing if a coding is not known
/// or there are more than kMaxLayers.
std::optional<Codings> codings_of(std::string_view value);

class Layer;

/// Decodes one message's content.
class Decoder {
 public:
  enum class State : std::uint8_t {
    going,      ///< more may come
    too_large,  ///< kMaxDecoded reached: stopped, no fault of the sender's
    bomb,       ///< kBomb
    broken,     ///< kBroken: what came before it was delivered
  };

  static constexpr std::uint64_t kEndless = std::uint64_t{1} << 62;
  /// Stops when more than `most` bytes have come out (kEndless for a stream of events). Nothing if
  /// the ledger has no room (Charge::carry) or `codings` is empty.
  static std::unique_ptr<Decoder> open(const Codings& codings, Ledger& ledger,
                                       std::uint64_t most = kMaxDecoded);
  ~Decoder();

  /// Decodes `bytes`; what comes out goes to `out`. After another state than `going` it does
  /// nothing.
  State feed(Bytes bytes, const Stamp& stamp, ContentSink& out);
  /// The content is over: `broken` if the codings are not.
  State finish();
  /// Bytes that came out.
  std::uint64_t decoded() const { return decoded_; }

 private:
  Decoder(Ledger& ledger, std::uint64_t most);
  State run(std::size_t layer, Bytes bytes, const Stamp& stamp, ContentSink& out);
  State deliver(Bytes bytes, const Stamp& stamp, ContentSink& out);

  Ledger& ledger_;
  std::uint64_t most_;
  std::array<std::unique_ptr<Layer>, kMaxLayers> layers_;  // the one that was applied last is first
  std::size_t count_ = 0;
  std::array<std::uint64_t, kMaxLayers> produced_{};
  std::uint64_t received_ = 0;
  std::uint64_t decoded_ = 0;
  std::size_t charged_ = 0;
  State state_ = State::going;
};

}  // namespace wirelens::content
