// http1/rules/domain_sharding.cc - one server under many names: a trick of the days of HTTP/1.
#include <array>

#include "detect/by_server.h"
#include "detect/firsts.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

class DomainSharding final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"hosts", 4, "names",
       "of one site on one server, fetched by one client over HTTP/1, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>};

  explicit DomainSharding(const Circumstances& circumstances)
      : least_(circumstances.threshold("hosts")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || exchange.stream || exchange.reused) return;
    if (!exchange.host || !exchange.status) return;
    std::string_view host = exchange.host->substr(0, exchange.host->find(':'));
    const std::string_view site = site_of(host);
    if (site.empty()) return;
    const std::uint64_t key = Digest().add(pair_of(*event.peers()).digest).add(site).value();
    Tally* found = tallies_.find(key);
    if (found == nullptr) found = begin(event, key, exchange, host);
    if (found == nullptr) return;
    Tally& tally = *found;
    if (tally.hosts.size() < kMostHosts &&
        std::find(tally.hosts.begin(), tally.hosts.end(), host) == tally.hosts.end()) {
      tally.hosts.emplace_back(host);
      tally.server.evidence.packet(exchange.request_packet.value_or(0));
    }
    if (tally.site.empty()) tally.site = site;
    tally.server.note(event, 0, event.time(), exchange.timing.connect.value_or(Duration::zero()));
  }

  void judge(Findings& out) override {
    for (const auto& [name, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->hosts.size()) >= least_) out.add(draft(*tally));
    }
  }

 private:
  static constexpr std::size_t kMostHosts = 64;
  /// The first connection for a site.
  struct First {
    std::uint64_t packet = 0;
    Timestamp time{};
    std::optional<ConnectionId> connection;
    Duration connect{};
    std::uint8_t length = 0;
    std::array<char, 255> host{};  ///< a name is no longer (RFC 1035 section 2.3.4)
  };
  struct Tally {
    ServerTally server;
    std::vector<std::string> hosts;
    std::string site;
    std::uint64_t weight() const { return hosts.size(); }
  };

  /// A tally begins with the second connection; nullptr for the first.
  Tally* begin(const Event& event, std::uint64_t key, const Exchange& exchange,
               std::string_view host) {
    const First* first = firsts_.find(key);
    if (first == nullptr) {
      First now{exchange.request_packet.value_or(0), event.time(), event.connection(),
                exchange.timing.connect.value_or(Duration::zero())};
      now.length = static_cast<std::uint8_t>(std::min(host.size(), now.host.size()));
      std::copy_n(host.begin(), now.length, now.host.begin());
      firsts_.leave(key, now);
      return nullptr;
    }
    Tally& tally = tallies_.at(key);
    tally.hosts.emplace_back(first->host.data(), first->length);
    tally.server.evidence.packet(first->packet);
    const Event then(&event.type(), first->time, first->connection, nullptr, event.peers());
    tally.server.note(then, 0, first->time, first->connect);
    firsts_.forget(key);
    return &tally;
  }

  /// "shop.test" of "img3.shop.test"; empty for names with fewer labels, and for addresses.
  static std::string_view site_of(std::string_view host) {
    if (host.empty() || host.back() < 'A') return {};
    const std::size_t last = host.rfind('.');
    if (last == host.npos || last == 0) return {};
    const std::size_t before = host.rfind('.', last - 1);
    return before == host.npos ? std::string_view{} : host.substr(before + 1);
  }

  static Draft draft(const Tally& tally) {
    Draft draft = draft_of(tally.server.first.server, tally.server);
    draft.client = tally.server.first.client.host_text();
    draft.subject = fmt::format("{} → {}", draft.client, tally.site);
    draft.severity = Severity::info;
    std::string names;
    for (std::size_t i = 0; i < std::min<std::size_t>(tally.hosts.size(), 4); ++i) {
      names += (i > 0 ? ", " : "") + tally.hosts[i];
    }
    draft.why = fmt::format(
        "{} fetched {} under {} names ({}) that one server serves, over {} of HTTP/1. Each name "
        "costs look-ups and handshakes.",
        draft.client, tally.site, count_text(tally.hosts.size()), names,
        counted(tally.server.times, "connection"));
    draft.measured = {{"hosts", static_cast<double>(tally.hosts.size())},
                      {"connections", static_cast<double>(tally.server.times)}};
    return draft;
  }

  double least_;
  Firsts<First> firsts_;
  Table<std::uint64_t, Tally> tallies_{kTallies};
};

}  // namespace

const Rule kDomainSharding = {
    .id = "http.domain_sharding",
    .severity = Severity::info,
    .title = "One site under many names",
    .about =
        "Files of one site are spread over several names of the same server, so that browsers open "
        "more connections. HTTP/2 needs only one; there the names cost look-ups and handshakes and "
        "keep streams apart.",
    .fix = "serve the site under one name with HTTP/2 or HTTP/3",
    .source = "RFC 9113 section 9.1.1",
    .thresholds = DomainSharding::kThresholds,
    .takes = DomainSharding::kTakes,
    .make = make<DomainSharding>,
};

}  // namespace wirelens::http1
