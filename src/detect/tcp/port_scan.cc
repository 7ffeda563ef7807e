// detect/tcp/port_scan.cc - one host that tries port after port of another.
#include "detect/tcp/scan.h"

namespace wirelens::detect {
namespace {

class PortScan final : public Scan {
 public:
  static constexpr Threshold kThresholds[] = {
      {"targets", 10, "ports", "tried by one host without success, at least"},
      {"failed_share", 0.5, "of its tries", "at least so many failed"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Connection>};

  using Scan::Scan;

 private:
  Peers scan_of(const Peers& peers) const override {
    return {peers.client.host(), peers.server.host()};
  }
  PeerAddress target_of(const PeerAddress& server) const override {
    return {{}, server.port, 0, 0};
  }
  std::string word(Draft& draft, const Tally& tally) const override {
    draft.server = tally.first.server.host_text();
    draft.subject = fmt::format("{} → {}", draft.client, draft.server);
    return fmt::format("{} ports of {}", count_text(tally.targets.count()), draft.server);
  }
};

}  // namespace

const Rule kPortScan = {
    .id = "tcp.port_scan",
    .severity = Severity::medium,
    .title = "Port scan",
    .about =
        "One host tried many ports of another, and hardly any was open: somebody looks for "
        "services.",
    .fix =
        "find out who runs that host and whether the scan is yours (monitoring, an audit); else "
        "block it, and close what need not be open",
    .source = "RFC 9293 section 3.10.7; Jung et al., Fast Portscan Detection, 2004",
    .thresholds = PortScan::kThresholds,
    .takes = PortScan::kTakes,
    .make = make<PortScan>,
};

}  // namespace wirelens::detect
