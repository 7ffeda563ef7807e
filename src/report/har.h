// report/har.h - every HTTP exchange as HAR 1.2, which browsers' developer tools open.
//
//   {"log":{"version":"1.2","creator":{...},"entries":[
//   {...},                        an exchange a line, when its connection has ended
//   ...
//   ],"pages":[...]}}
//
// An entry waits for its connection's end, which tells the server's address and brings the last
// WebSocket message. What waits is bounded by kMostHeld: past it all of it is written as it is.
// What is unknown is -1 where HAR 1.2 says so, and absent elsewhere. Secrets are redacted before
// events get here, unless the user asked for them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/exchange.h"
#include "event/records.h"
#include "report/json_writer.h"
#include "report/output.h"
#include "report/report.h"

namespace wirelens {

class HarReport final : public Report {
 public:
  static constexpr std::size_t kMostHeld = std::size_t{32} << 20;  ///< bytes of waiting entries
  static constexpr std::size_t kMostPages = 4096;

  explicit HarReport(std::unique_ptr<Output> output);

  void write(const Event& event) override;
  void finish() override;
  void flush() override;
  const std::optional<WriteFailure>& failure() const override { return output_->failure(); }

 private:
  /// An exchange, written but for what its connection's end tells.
  struct Entry {
    std::string json;               ///< the entry up to and without its closing brace
    std::optional<std::size_t> at;  ///< where in `json` the host is missing
    std::string begin;              ///< startedDateTime
    std::string url;
    std::string referer;
    std::optional<std::uint64_t> stream;
    bool document = false;  ///< what a page begins with
    bool upgraded = false;  ///< WebSocket messages may belong to it
  };
  struct Message {
    std::optional<std::uint64_t> stream;
    std::string json;
    bool written = false;
  };
  struct Waiting {
    std::vector<Entry> entries;
    std::vector<Message> messages;
  };
  struct Page {
    std::string id;
    std::string begin;
    bool by_document = false;  ///< `begin` is that of the document
  };

  void add(ConnectionId connection, const Exchange& exchange, Timestamp time);
  void add_message(ConnectionId connection, const Event& event);
  void write_out(Waiting& waiting, const Connection* connection);
  void append(Entry& entry, std::vector<Message>& messages, const Connection* connection);
  const Page* page_of(const Entry& entry, std::string_view client);

  std::unique_ptr<Output> output_;
  JsonWriter writer_;  ///< for one object at a time
  std::string text_;   ///< written, not yet handed to the output
  std::map<ConnectionId, Waiting> waiting_;
  std::size_t held_ = 0;
  std::map<std::string, Page, std::less<>> pages_;  ///< by client and URL
  std::uint64_t entries_ = 0;
  std::uint64_t lost_messages_ = 0;  ///< of no entry, or of one that had to be written before
};

}  // namespace wirelens
