// bench/truth.cc - the digest of exchanges, and the truth as JSON.
#include "bench/truth.h"

#include <openssl/sha.h>

#include <cinttypes>
#include <cstdio>

namespace wirelens::bench {
namespace {

void number(std::string& out, const char* name, std::uint64_t value) {
  char text[96];
  std::snprintf(text, sizeof text, "  \"%s\": %" PRIu64 ",\n", name, value);
  out += text;
}

void pair(std::string& out, const char* name, const std::array<std::uint64_t, 2>& values) {
  char text[128];
  std::snprintf(text, sizeof text,
                "  \"%s\": {\"client\": %" PRIu64 ", \"server\": %" PRIu64 "},\n", name, values[0],
                values[1]);
  out += text;
}

}  // namespace

void Truth::exchange(std::uint64_t ordinal, std::string_view method, std::string_view host,
                     std::string_view path, unsigned status) {
  ++http_requests;
  if (status != 0) ++http_exchanges;
  std::string line = std::to_string(ordinal);
  line.append(" ").append(method).append(" ").append(host).append(" ").append(path);
  line.append(" ").append(status == 0 ? "-" : std::to_string(status));
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> hash;
  SHA256(reinterpret_cast<const unsigned char*>(line.data()), line.size(), hash.data());
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) word = word << 8 | hash[i];
  http_digest_ += word;
}

std::string Truth::json() const {
  std::string out = "{\n  \"workload\": \"" + workload + "\",\n";
  number(out, "seed", seed);
  number(out, "packets", packets);
  number(out, "captured_bytes", captured_bytes);
  number(out, "wire_bytes", wire_bytes);
  number(out, "tcp_flows", tcp_flows);
  number(out, "udp_flows", udp_flows);
  pair(out, "tcp_payload", tcp_payload);
  pair(out, "udp_payload", udp_payload);
  number(out, "handshakes", handshakes);
  number(out, "unanswered", unanswered);
  number(out, "closed_by_fin", closed_by_fin);
  number(out, "closed_by_reset", closed_by_reset);
  number(out, "midstream", midstream);
  number(out, "lost_before_tap", lost_before_tap);
  number(out, "lost_after_tap", lost_after_tap);
  number(out, "reordered", reordered);
  number(out, "capture_duplicates", capture_duplicates);
  number(out, "capture_gaps", capture_gaps);
  pair(out, "missing_bytes", missing_bytes);
  number(out, "http_requests", http_requests);
  number(out, "http_exchanges", http_exchanges);
  char digest[64];
  std::snprintf(digest, sizeof digest, "  \"http_digest\": \"%016" PRIx64 "\"\n}\n", http_digest_);
  return out + digest;
}

}  // namespace wirelens::bench
