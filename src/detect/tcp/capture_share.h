// detect/tcp/capture_share.h - how much of what was captured shows a fault of the capture.
#pragma once

#include "detect/evidence.h"
#include "detect/tcp/rules.h"
#include "detect/words.h"

namespace wirelens::detect {

/// Counts something of each TCP connection, and what it is a share of; one finding about the whole
/// capture once there is enough of it. The second threshold of the rule is `share`.
class CaptureShare : public Judge {
 public:
  CaptureShare(const Circumstances& circumstances, std::string_view least)
      : least_(circumstances.threshold(least)), share_(circumstances.threshold("share")) {}

  void hear(const Event& event) final {
    const auto& connection = *event.as<Connection>();
    const Share share = share_of(connection);
    all_ += share.all;
    if (share.count == 0) return;
    count_ += share.count;
    evidence_.add(connection.id, connection.first_packet, event.time());
    evidence_.time(event.time() + connection.duration);
  }

  void judge(Findings& out) final {
    const auto count = static_cast<double>(count_);
    if (count < least_ || count < share_ * static_cast<double>(all_ + count_)) return;
    Draft draft;
    draft.blame = Blame::capture;
    draft.subject = "the capture";
    draft.evidence = evidence_;
    word(draft, {count_, all_});
    out.add(std::move(draft));
  }

 protected:
  struct Share {
    std::uint64_t count = 0;
    std::uint64_t all = 0;
  };
  virtual Share share_of(const Connection& connection) const = 0;
  /// Says how grave it is, what was measured, and why.
  virtual void word(Draft& draft, const Share& share) const = 0;

  static std::uint64_t packets_of(const Connection& connection) {
    return connection.sent.packets + connection.received.packets;
  }

 private:
  double least_;
  double share_;
  std::uint64_t count_ = 0;
  std::uint64_t all_ = 0;
  Evidence evidence_;
};

}  // namespace wirelens::detect
