// http1/rules/missing_compression.cc - text that travels in full though the client takes gzip.
#include "detect/by_server.h"
#include "event/exchange.h"
#include "http1/rules/fields.h"
#include "http1/rules/rules.h"

namespace wirelens::http1 {
namespace {

using namespace detect;  // rules speak of little else

class MissingCompression final : public Judge {
 public:
  static constexpr Threshold kThresholds[] = {
      {"bytes", 10000, "bytes", "of a response's text that was not compressed, at least"},
      {"responses", 1, "responses", "of one host like that, at least"},
  };
  static constexpr const EventType* kTakes[] = {&kEventType<Exchange>};

  explicit MissingCompression(const Circumstances& circumstances)
      : bytes_(circumstances.threshold("bytes")), least_(circumstances.threshold("responses")) {}

  void hear(const Event& event) override {
    const auto& exchange = *event.as<Exchange>();
    if (!event.peers() || exchange.status != 200 || !exchange.complete) return;
    if (exchange.content_encoding || !exchange.response_body_wire_bytes) return;
    const auto bytes = *exchange.response_body_wire_bytes;
    if (static_cast<double>(bytes) < bytes_ || !is_text(exchange.content_type)) return;
    const auto accepted = request_field(exchange, "accept-encoding");
    const bool takes =
        accepted.find("gzip") != accepted.npos || accepted.find("br") != accepted.npos;
    if (!takes) return;
    ServerTally& tally = tallies_.at(host_in(name_, exchange, event.peers()->server));
    tally.note(event, exchange.response_packet.value_or(0), event.time());
    tally.counts[0] += bytes;
  }

  void judge(Findings& out) override {
    for (const auto& [name, tally] : tallies_.heaviest()) {
      if (static_cast<double>(tally->times) >= least_) out.add(draft(*name, *tally));
    }
  }

 private:
  static Draft draft(const std::string& name, const ServerTally& tally) {
    Draft draft = draft_of(tally.first.server, tally);
    draft.subject = name;
    draft.severity = tally.counts[0] >= 1'000'000 ? Severity::medium : Severity::low;
    draft.why = fmt::format(
        "{} sent {} of text in {} without compression, though the clients accept it. Text of that "
        "kind usually shrinks to a quarter.",
        name, bytes_text(tally.counts[0]), counted(tally.times, "response"));
    draft.measured = {{"responses", static_cast<double>(tally.times)},
                      {"bytes", static_cast<double>(tally.counts[0])}};
    return draft;
  }

  double bytes_;
  double least_;
  std::string name_;  // of the exchange at hand
  Table<std::string, ServerTally> tallies_{kTallies};
};

}  // namespace

const Rule kMissingCompression = {
    .id = "http.missing_compression",
    .severity = Severity::medium,
    .title = "Text is not compressed",
    .about =
        "HTML, scripts, styles or JSON are sent in full though the client says that it takes gzip "
        "or br. On slow lines that is most of the loading time.",
    .fix =
        "turn on gzip or brotli for text types (nginx: gzip on; gzip_types ...), best with files "
        "compressed beforehand",
    .source = "RFC 9110 sections 8.4 and 12.5.3",
    .thresholds = MissingCompression::kThresholds,
    .takes = MissingCompression::kTakes,
    .make = make<MissingCompression>,
};

}  // namespace wirelens::http1
