// cli/digest.h - what a run comes to, for comparing it with another one: groups of what belongs
// together, whatever its addresses, ports and times were.
//
// Built from records, one JSON text each, whether a file holds them or an analysis makes them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace wirelens {

struct Digest {
  static constexpr std::size_t kMostGroups =
      20'000;  ///< of one kind; beyond, new names are left out
  static constexpr std::size_t kMostSamples = 2'000;  ///< of one timing

  struct Finding {
    std::string severity;
    std::string title;
    double cost_seconds = 0;
    std::uint64_t count = 0;
  };
  /// A server, by the name that clients call it, else by address and port.
  struct Server {
    std::uint64_t connections = 0;
    std::uint64_t packets = 0;
    std::uint64_t resent = 0;
    std::map<std::string, std::uint64_t> closes;
    std::set<std::string> protocols;
    std::vector<double> handshakes;  ///< seconds
  };
  /// Exchanges of one method, host and path; parts of the path that are numbers count as one.
  struct Exchanges {
    std::uint64_t count = 0;
    std::map<std::string, std::uint64_t> statuses;
    std::vector<double> waits;  ///< seconds
  };
  /// TLS with one server name: each property with the values that were seen.
  using Properties = std::map<std::string, std::set<std::string>>;

  std::map<std::string, Finding> findings;  ///< by rule and subject
  std::map<std::string, Server> servers;
  std::map<std::string, Exchanges> exchanges;
  std::map<std::string, Properties> tls;
  std::uint64_t packets = 0;
  std::uint64_t records = 0;
  std::uint64_t left_out = 0;

  /// Takes one record; an Error if it is none.
  std::optional<Error> add(std::string_view json);
};

/// "/order/17/items" is "/order/{}/items": without the query, and what only counts is gone.
std::string path_pattern(std::string_view path);

}  // namespace wirelens
