// report/ladder.h - one connection as a ladder: client left, server right, an arrow a packet, and
// what the packets meant where they meant it.
//
//   packet      time  client                                       server
//       12  0.000000  syn_sent     │── SYN 0 win 64,240 ──────────▶│ listen
//       13  0.000412               │◀───── SYN,ACK 0 ack 1 ────────│ syn_received
//       14  0.000431  established  │── ACK 1 ack 1 ───────────────▶│ established
//       15  0.000502               │══ resent by timeout PSH,ACK ═▶│
//                                  │ GET shop.test/cart            │
//
// States appear when they change. Below kStateWidth columns they stand on a line of their own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/records.h"
#include "event/segment.h"
#include "report/output.h"
#include "report/report.h"

namespace wirelens {

/// What an event says, in one line of text as the wire had it (not yet printable).
std::string message_text(const Event& event);

class LadderReport final : public Report {
 public:
  static constexpr unsigned kStateWidth = 72;

  /// `heading`: lines above the ladder, printable.
  LadderReport(std::unique_ptr<Output> output, const ReportOptions& options,
               std::vector<std::string> heading);

  /// Hears the events of one connection, and no others.
  void write(const Event& event) override;
  void finish() override;
  const std::optional<WriteFailure>& failure() const override { return output_->failure(); }

 private:
  struct Message {
    std::string text;
    bool from_server = false;
    bool flaw = false;
    bool exchange = false;  ///< a request or an answer
  };

  void add(const SegmentSeen& segment, Timestamp time);
  void note_gap(const SegmentSeen& segment, Timestamp time);
  void arrow(const SegmentSeen& segment, Timestamp time);
  void note_states(const SegmentSeen& segment);
  void show_data(const SegmentSeen& segment);
  void show_messages();
  /// A line that bears no packet: `words` between the lifelines.
  void line(std::string_view words, bool right, std::string_view colour);
  std::string inside(std::string_view words, bool right) const;
  std::string label(const SegmentSeen& segment, std::size_t room) const;
  std::string coloured(std::string_view text, std::string_view colour) const;

  std::unique_ptr<Output> output_;
  ReportOptions options_;
  std::string text_;
  std::size_t area_;           ///< columns between the lifelines
  bool states_;                ///< there is room for them at the sides
  std::size_t packet_, time_;  ///< columns of the numbers
  bool begun_ = false;
  Timestamp first_{};
  Timestamp last_{};
  std::string client_state_;
  std::string server_state_;
  std::vector<Message> messages_;  ///< told before their packet's segment is
};

}  // namespace wirelens
