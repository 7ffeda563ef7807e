// detect/clients.h - whom a finding about one server calls its client.
#pragma once

#include <string>

#include "detect/by_server.h"

namespace wirelens::detect {

/// "10.0.0.1" when there was one connection, "its clients" when there were more: whether those are
/// one host is not kept.
inline std::string clients_of(const ServerTally& tally) {
  return tally.connections() > 1 ? "its clients" : tally.first.client.host_text();
}

/// The same at the beginning of a sentence.
inline std::string clients_of_at_beginning(const ServerTally& tally) {
  return tally.connections() > 1 ? "Clients" : tally.first.client.host_text();
}

}  // namespace wirelens::detect
