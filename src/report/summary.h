// report/summary.h - what a run comes to, gathered from its events in bounded memory.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/exchange.h"
#include "event/finding.h"
#include "event/records.h"
#include "event/tls.h"
#include "report/tally.h"

namespace wirelens {

/// A number of things of one name.
struct CountTally {
  std::uint64_t count = 0;
  std::uint64_t first_packet = 0;  ///< of the first of them

  std::uint64_t weight() const { return count; }
};

/// Exchanges that failed alike. No response and 5xx are graver than 4xx.
struct FailureTally {
  CountTally seen;
  bool grave = false;

  std::uint64_t weight() const { return seen.count + (grave ? std::uint64_t{1} << 48 : 0); }
};

/// One server or client. Servers go by the name that clients call them, without a port, and by
/// endpoint where there is none.
struct HostTally {
  std::uint64_t connections = 0;
  std::uint64_t packets = 0;
  std::uint64_t to = 0;    ///< payload bytes to it
  std::uint64_t from = 0;  ///< payload bytes from it
  std::uint64_t exchanges = 0;
  std::uint64_t failed = 0;
  std::unique_ptr<DurationTally> wait;  ///< absent: no exchange told

  std::uint64_t weight() const { return packets + exchanges; }
};

/// An exchange worth naming.
struct NotableExchange {
  std::string request;  ///< "GET shop.test/checkout", from the wire
  std::optional<std::uint16_t> status;
  Duration total{};
  std::optional<Duration> wait;
  std::uint64_t packet = 0;
};
struct Faster {
  bool operator()(const NotableExchange& a, Duration total) const { return a.total < total; }
};

/// One direction of a connection that lost more than others.
struct LossyDirection {
  std::string client;  ///< endpoints, from the wire
  std::string server;
  Direction from = Direction::from_client;
  std::uint64_t first_packet = 0;
  std::uint64_t packets = 0;
  std::uint64_t resent = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t fast = 0;
};
struct LostLess {
  bool operator()(const LossyDirection& a, std::uint64_t resent) const { return a.resent < resent; }
};

/// One end whose window stood at zero.
struct StalledEnd {
  std::string client;
  std::string server;
  Direction receiver = Direction::from_client;
  std::uint64_t first_packet = 0;
  std::uint64_t times = 0;
  Duration duration{};
};
struct StalledLess {
  bool operator()(const StalledEnd& a, Duration duration) const { return a.duration < duration; }
};

/// A finding worth a place on the first screen.
struct ShownFinding {
  std::string rule;
  Severity severity = Severity::info;
  Blame verdict = Blame::endpoint;
  std::string title;
  std::string why;
  std::string fix;
  std::string follows;
  std::optional<Duration> cost;
  std::vector<std::uint64_t> packets;  ///< the first few
  std::uint64_t packets_total = 0;
};

/// Everything that the text report tells; the strings in it are bytes from the wire.
struct Summary {
  static constexpr std::size_t kHosts = 1024;
  static constexpr std::size_t kGroups = 256;
  static constexpr std::size_t kNotable = 5;
  static constexpr std::size_t kCloses = 7;

  void add(const Event& event);

  std::vector<std::string> files;
  static constexpr std::size_t kFindings = 5;      ///< that are shown
  static constexpr std::size_t kPacketsShown = 4;  ///< of each
  std::vector<ShownFinding> findings;              ///< in the order in which they were told
  std::array<std::uint64_t, kSeverityNames.size()> more_findings{};  ///< not shown, by severity
  Duration cost{};  ///< of all findings, those that follow from another aside

  std::optional<Timestamp> first_time;
  std::optional<Timestamp> last_time;

  struct End {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t truncated = 0;
    std::optional<std::uint64_t> dropped_by_kernel;
    std::optional<std::uint64_t> dropped_by_interface;
    struct Named {
      std::string name;
      std::string more;  ///< the doubt, the reason
      std::uint64_t count = 0;
    };
    std::vector<Named> malformed;
    std::vector<Named> limits;
    std::vector<Named> not_seen;
    std::vector<Named> damage;  ///< count: the byte
  } end;

  std::uint64_t tcp = 0;
  std::uint64_t udp = 0;
  std::array<std::uint64_t, kCloses> closes{};
  std::array<TopTally<CountTally>, kCloses> closed_with;  ///< by server endpoint
  std::uint64_t midstream = 0;
  std::uint64_t one_sided = 0;
  std::uint64_t evicted = 0;
  DurationTally handshakes;
  TopTally<CountTally> protocols{kGroups};
  TopTally<CountTally> messages{kGroups};  ///< records by what they are counted as (Counted)
  TopTally<HostTally> servers{kHosts};
  TopTally<HostTally> clients{kHosts};

  std::uint64_t exchanges = 0;
  std::array<std::uint64_t, 6> by_class{};  ///< [2] is 2xx; [0]: other numbers
  std::uint64_t unanswered = 0;             ///< requests without a response
  std::uint64_t incomplete = 0;             ///< responses not seen to their end
  DurationTally wait;
  Largest<NotableExchange, Faster> slowest{kNotable};
  /// By "502 GET shop.test/", without the query; "-" for no response.
  TopTally<FailureTally> failed{kGroups};

  std::uint64_t tls_sessions = 0;
  std::uint64_t tls_resumed = 0;
  std::uint64_t tls_failed = 0;      ///< an end refused, or did not speak TLS
  std::uint64_t tls_unfinished = 0;  ///< it ended without a word
  DurationTally tls_handshakes;
  TopTally<CountTally> tls_versions{kGroups};
  /// By "client: unknown_ca", "server: not TLS".
  TopTally<CountTally> tls_failures{kGroups};

  Sent all;                               ///< both ends of every TCP connection, added up
  std::uint64_t lossy_connections = 0;    ///< that resent anything
  std::uint64_t missing_connections = 0;  ///< that the capture lacks bytes of
  Largest<LossyDirection, LostLess> most_resent{3};
  Largest<StalledEnd, StalledLess> stalled{1};
  TopTally<CountTally> flaws{kGroups};

  Summary();

 private:
  void add(const CaptureBegin& begin);
  void add(const CaptureEnd& ended);
  void add(const Connection& connection);
  void add(const Exchange& exchange);
  void add(const Finding& finding);
  void add(const TlsSession& session);
  void add_sent(const Connection& connection, Direction from);
};

/// "192.0.2.1:80", "[2001:db8::1]:80".
std::string endpoint_text(const Endpoint& endpoint);

}  // namespace wirelens
