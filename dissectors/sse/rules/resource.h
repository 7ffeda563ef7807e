// sse/rules/resource.h - what streams of events are counted by: who reads them, and where.
#pragma once

#include <string>
#include <string_view>

#include "base/hash.h"
#include "common/exchange_fields.h"
#include "event/peers.h"
#include "sse/course.h"

namespace wirelens::sse {

/// The same client and the same target, query and all: a reader that comes back. The same value in
/// every run.
inline std::uint64_t reader_of(const Course& course, const Peers& peers) {
  constexpr HashKey kFixed{0x6a09e667f3bcc908, 0xbb67ae8584caa73b};
  const auto hash = [&](std::string_view text) {
    return siphash13(kFixed,
                     Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  };
  return siphash13_words(kFixed, 3, hash(course.host.value_or("")), hash(course.path.value_or("")),
                         siphash13(kFixed, peers.client.address));
}

/// "shop.test/prices", without the query.
inline std::string resource_of(const Course& course, const PeerAddress& server) {
  return http::resource_of(course.host, course.path, server.text());
}

}  // namespace wirelens::sse
