// detect/tcp/host_sweep.cc - one host that tries the same port of host after host.
#include "detect/tcp/scan.h"

namespace wirelens::detect {
namespace {

class HostSweep final : public Scan {
 public:
  static constexpr Threshold kThresholds[] = {
      {"targets", 15, "hosts", "tried by one host without success, at least"},
      {"failed_share", 0.5, "of its tries", "at least so many failed"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>};

  using Scan::Scan;

 private:
  Peers scan_of(const Peers& peers) const override {
    return {peers.client.host(), {{}, peers.server.port, 0, 0}};
  }
  PeerAddress target_of(const PeerAddress& server) const override { return server.host(); }
  std::string word(Draft& draft, const Tally& tally) const override {
    const std::string hosts = count_text(tally.targets.count());
    draft.subject =
        fmt::format("{} → port {} of {} hosts", draft.client, tally.first.server.port, hosts);
    return fmt::format("port {} of {} hosts", tally.first.server.port, hosts);
  }
};

}  // namespace

const Rule kHostSweep = {
    .id = "tcp.host_sweep",
    .severity = Severity::medium,
    .title = "Host sweep",
    .about =
        "One host tried the same port of many hosts, and hardly any answered: somebody looks for a "
        "service, or a worm for its next victim.",
    .fix =
        "find out who runs that host and whether the scan is yours (monitoring, an audit); else "
        "block it, and close what need not be open",
    .source = "RFC 9293 section 3.10.7; Jung et al., Fast Portscan Detection, 2004",
    .thresholds = HostSweep::kThresholds,
    .takes = HostSweep::kTakes,
    .make = make<HostSweep>,
};

}  // namespace wirelens::detect
