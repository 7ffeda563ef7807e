// report/html.h - one page that explains a capture to somebody who was not there.
//
// Events are gathered while the run lasts: what is read first (findings, the capture, the timeline)
// as JSON, everything else packed by type (see packed_table.h), so that types that nobody thought
// of show up, too. Memory is bounded by kMostRows and kMostPacked. Of what goes past them the worst
// is kept (failures, then what took longest; see worst_rows.h), the rest is counted and the page
// says so. The page itself is built from src/report/web.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "event/records.h"
#include "event/segment.h"
#include "report/output.h"
#include "report/packed_table.h"
#include "report/report.h"
#include "report/tally.h"
#include "report/worst_rows.h"

namespace wirelens {

class HtmlReport final : public Report {
 public:
  static constexpr std::uint64_t kMostRows = 250'000;                ///< of one type
  static constexpr std::size_t kMostPacked = std::size_t{96} << 20;  ///< bytes of all tables
  static constexpr std::size_t kWorstRows = 10'000;                  ///< of one type, beyond those
  static constexpr std::size_t kWorstBytes = std::size_t{32} << 20;  ///< of one type, unpacked
  static constexpr std::size_t kMostFindings = 500;
  static constexpr std::size_t kDrawnConnections = 12;
  static constexpr std::size_t kRemembered = std::size_t{4} << 20;
  static constexpr std::uint64_t kDrawnSegments = 5'000;  ///< of each of those

  explicit HtmlReport(std::unique_ptr<Output> output) : output_(std::move(output)) {}

  /// Whether this build has the page.
  static bool is_built();

  void write(const Event& event) override;
  void finish() override;
  const std::optional<WriteFailure>& failure() const override { return output_->failure(); }
  /// The connections in most trouble, and the first that findings are about.
  std::vector<std::uint64_t> wants_segments() const override;

 private:
  struct Table {
    explicit Table(Timestamp begin) : packed(begin) {}
    PackedTable packed;
    WorstRows worst{kWorstRows, kWorstBytes};  ///< of those that came when it was full
    std::uint64_t left_out = 0;                ///< segments beyond what is drawn
  };
  struct Troubled {
    std::uint64_t weight = 0;
    std::uint64_t first_packet = 0;
  };
  struct Less {
    bool operator()(const Troubled& a, std::uint64_t weight) const { return a.weight < weight; }
  };

  bool keep(const Event& event);
  void add_to_table(const Event& event);
  void weigh(const Connection& connection);
  std::uint64_t worth_of(const Event& event) const;
  void note_finding(const Event& event);
  std::string summary() const;

  std::unique_ptr<Output> output_;
  std::optional<Timestamp> begin_;
  std::string capture_ = "{}";
  std::string capture_end_ = "{}";
  std::string timeline_;
  std::vector<std::string> findings_;
  std::uint64_t findings_left_out_ = 0;
  std::vector<ConnectionId> found_;  ///< connections of findings
  std::map<std::string, Table, std::less<>> tables_;
  Largest<Troubled, Less> troubled_{kDrawnConnections};
  std::vector<std::uint64_t>
      first_packets_;  ///< by id, of the first kRemembered connections; 0: none
  std::map<ConnectionId, std::uint64_t> segments_;  ///< how many were kept
  std::unordered_set<ConnectionId> failing_;  ///< with exchanges that failed, at most kMostRows
};

}  // namespace wirelens
