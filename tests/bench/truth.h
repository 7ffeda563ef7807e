// bench/truth.h - what a workload really contains, so that a fast run that dropped work is caught.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "bench/frame.h"

namespace wirelens::bench {

/// Counted while the workload is made. "Seen" means: in the file. The JSON of json() is what
/// tests/bench/ratio compares a program's records with.
struct Truth {
  std::string workload;
  std::uint64_t seed = 0;

  std::uint64_t packets = 0;
  std::uint64_t captured_bytes = 0;
  std::uint64_t wire_bytes = 0;
  std::uint64_t tcp_flows = 0;
  std::uint64_t udp_flows = 0;

  /// Unique TCP stream bytes seen, and datagram payload seen, by sender.
  std::array<std::uint64_t, 2> tcp_payload{};
  std::array<std::uint64_t, 2> udp_payload{};

  std::uint64_t handshakes = 0;     // all three segments seen
  std::uint64_t unanswered = 0;     // a SYN and nothing else
  std::uint64_t closed_by_fin = 0;  // FIN from both ends, acknowledged
  std::uint64_t closed_by_reset = 0;
  std::uint64_t midstream = 0;  // flows whose handshake lies before the capture

  std::uint64_t lost_before_tap = 0;     // seen once, late
  std::uint64_t lost_after_tap = 0;      // seen twice
  std::uint64_t reordered = 0;           // data segments overtaken by later ones
  std::uint64_t capture_duplicates = 0;  // packets written twice
  std::uint64_t capture_gaps = 0;        // data segments that the capture lost
  std::array<std::uint64_t, 2> missing_bytes{};

  std::uint64_t http_requests = 0;
  std::uint64_t http_exchanges = 0;  // requests with a final response

  /// Adds one exchange. `ordinal` is its place in its connection, from 0; `status` 0 stands for no
  /// response.
  void exchange(std::uint64_t ordinal, std::string_view method, std::string_view host,
                std::string_view path, unsigned status);

  std::string json() const;

 private:
  /// The sum modulo 2^64 of the first eight bytes (big-endian) of SHA-256 over
  /// "ordinal method host path status" of each exchange: independent of how flows interleave.
  std::uint64_t http_digest_ = 0;
};

}  // namespace wirelens::bench
