// tls/fingerprint.h - JA3, JA3S and JA4: what a hello looks like, whoever says it.
//
// JA3 (Althouse, Atkinson, Atkins; BSD 3-Clause) is the MD5 of the numbers in the order sent,
// GREASE left out. JA4 (Althouse; the client's fingerprint, BSD 3-Clause) is a readable part and
// two truncated SHA-256 of sorted numbers.
#pragma once

#include <array>
#include <string_view>

#include "tls/hello.h"

namespace wirelens::tls {

/// A fingerprint's text.
template <std::size_t kLength>
struct Fingerprint {
  std::array<char, kLength> letters{};
  std::string_view text() const { return {letters.data(), letters.size()}; }
};
using Ja3 = Fingerprint<32>;
using Ja4 = Fingerprint<36>;

/// What carries the hello, as JA4 writes it.
enum class Carrier : char { tcp = 't', quic = 'q', dtls = 'd' };

Ja3 ja3_of(const ClientHello& hello);
Ja3 ja3s_of(const ServerHello& hello);
Ja4 ja4_of(const ClientHello& hello, Carrier carrier);

}  // namespace wirelens::tls
