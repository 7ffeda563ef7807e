// tls/certificate_compression.cc - zlib, brotli and zstd, by the decoder that bodies go through.
#include "tls/certificate_compression.h"

#include "common/content.h"
#include "tls/message_stream.h"

namespace wirelens::tls {
namespace {

/// IANA's TLS Certificate Compression Algorithm IDs.
std::optional<content::Coding> coding_of(std::uint16_t algorithm) {
  switch (algorithm) {
    case 1:
      return content::Coding::deflate;  // in zlib's format
    case 2:
      return content::Coding::brotli;
    case 3:
      return content::Coding::zstd;
    default:
      return std::nullopt;
  }
}

class Collected final : public ContentSink {
 public:
  explicit Collected(std::size_t expected) { bytes.reserve(expected); }
  void content(Bytes part, const Stamp&) override {
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  void missing(std::uint64_t, const Stamp&) override {}

  std::vector<std::uint8_t> bytes;
};

}  // namespace

std::optional<std::vector<std::uint8_t>> decompress(const CompressedCertificate& compressed,
                                                    Ledger& ledger) {
  const auto coding = coding_of(compressed.algorithm);
  if (!coding || compressed.size > kMaxMessage) return std::nullopt;
  const auto decoder = content::Decoder::open({{*coding}, 1}, ledger, compressed.size);
  if (!decoder) return std::nullopt;
  using State = content::Decoder::State;
  Collected found(compressed.size);
  if (decoder->feed(compressed.compressed, {}, found) != State::going) return std::nullopt;
  if (decoder->finish() != State::going || found.bytes.size() != compressed.size) {
    return std::nullopt;
  }
  return std::move(found.bytes);
}

}  // namespace wirelens::tls
