// http2/http2.cc - reads frame after frame of either side.
#include "http2/http2.h"

#include <array>
#include <memory>

#include "dissect/conversation.h"
#include "http2/connection.h"
#include "http2/frame.h"
#include "http2/rules/rules.h"
#include "http2/search.h"

namespace wirelens::http2 {
namespace {

inline constexpr Flaw kPrefaceMissing{"http2.preface", "RFC 9113 3.4"};

/// Most bytes of a payload that are gathered, DATA aside: a field section's worth.
constexpr std::size_t kMaxPayload = kMaxBlock;

/// Longer frames are not believed in where the beginning was not seen.
constexpr std::uint32_t kLongestBelieved = 1u << 20;

/// The content of DATA frames on its way.
class DataSink final : public ContentSink {
 public:
  DataSink(Connection& connection, Direction from) : connection_(connection), from_(from) {}
  void begin(std::uint32_t stream) { stream_ = stream; }

  void content(Bytes bytes, const Stamp& stamp) override {
    connection_.data(from_, stream_, bytes, stamp);
  }
  void missing(std::uint64_t count, const Stamp& stamp) override {
    connection_.missing_data(from_, stream_, count, stamp);
  }

 private:
  Connection& connection_;
  Direction from_;
  std::uint32_t stream_ = 0;
};

/// A payload that comes in pieces.
class Gathered final : public ContentSink {
 public:
  Gathered(Connection& connection, Direction from, std::pmr::memory_resource& memory)
      : connection_(connection), from_(from), bytes_(&memory) {}

  void begin(std::uint32_t stream) {
    stream_ = stream;
    missing_ = false;
  }
  void content(Bytes bytes, const Stamp& stamp) override {
    connection_.watch(from_, stream_, bytes.size(), stamp);
    missing_ = missing_ || bytes_.size() + bytes.size() > kMaxPayload;
    if (!missing_) bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void missing(std::uint64_t, const Stamp&) override { missing_ = true; }

  Bytes bytes() const { return bytes_; }
  bool is_missing() const { return missing_; }
  void end() {
    bytes_.clear();
    bytes_.shrink_to_fit();
  }

 private:
  Connection& connection_;
  Direction from_;
  std::uint32_t stream_ = 0;
  bool missing_ = false;
  std::pmr::vector<std::uint8_t> bytes_;
};

class Http2 final : public Dissector {
 public:
  Http2(Context& context, Conversation& conversation)
      : begins_here_(!context.midstream() || conversation.handed_on()),
        connection_(context, conversation),
        data_{DataSink(connection_, Direction::from_client),
              DataSink(connection_, Direction::from_server)},
        gathered_{Gathered(connection_, Direction::from_client, context.memory()),
                  Gathered(connection_, Direction::from_server, context.memory())} {}

  Dissection read(Context&, Input& in) override { return read_frames(in, false); }
  Dissection resume(Context&, Input& in) override {
    behind_hole(in.from());
    return read_frames(in, true);
  }
  void finish(Context&) override {
    for (const Direction from : {Direction::from_client, Direction::from_server}) cut(from);
    connection_.finish();
  }

 private:
  Dissection read_frames(Input& in, bool lost);
  Part<bool> read_beginning(Input& in);
  Part<bool> find_frames(Input& in);
  Part<bool> read_data(Input& in, const Frame& frame);
  Part<bool> read_payload(Input& in, const Frame& frame, bool understood);
  void behind_hole(Direction from);
  void cut(Direction from);

  bool begins_here_;  // what comes first is the connection's beginning
  Connection connection_;
  std::array<DataSink, 2> data_;
  std::array<Gathered, 2> gathered_;
  std::array<std::optional<Frame>, 2> reading_;  // the frame whose payload is being read
  bool preface_seen_ = false;
};

/// The stream breaks off in a frame.
void Http2::cut(Direction from) {
  std::optional<Frame>& frame = reading_[index(from)];
  if (!frame) return;
  const FrameType type = frame->header.type;
  if (type == FrameType::data) {
    connection_.cut_data(from, frame->header.stream);
  } else if (type == FrameType::headers || type == FrameType::push_promise) {
    Frame last = *frame;
    last.header.flags |= flag::kEndHeaders;  // of which nothing more comes
    connection_.payload(from, last, {}, true);
  }
  gathered_[index(from)].end();
  frame.reset();
}

void Http2::behind_hole(Direction from) {
  cut(from);
  connection_.lose(from);
}

/// True if this side's first byte is the next one.
Part<bool> Http2::read_beginning(Input& in) {
  const Direction from = in.from();
  co_await in.more();
  // No frame is so long that it begins like the preface.
  const bool prefaced = as_text(in.available()).starts_with('P');
  co_await in.more(prefaced ? kPreface.size() : kHeaderSize);
  if (as_text(in.available()).starts_with(kPreface)) {
    co_await in.take(kPreface.size());
    connection_.watch(from, 0, kPreface.size(), in.last_stamp());
    preface_seen_ = true;
    connection_.set_client(from);
    connection_.begin(from);
    co_return true;
  }
  if (in.available().size() < kHeaderSize) co_return false;
  const FrameHeader first = read_header(in.available());
  const bool settles = first.type == FrameType::settings && !first.has(flag::kAck) &&
                       likeness(first, kDefaultFrameSize) != Likeness::none;
  if (!begins_here_ && !(preface_seen_ && settles)) co_return false;
  if (from == connection_.client() || !settles) {
    connection_.flaw(kPrefaceMissing, from);
    if (likeness(first, kDefaultFrameSize) == Likeness::none) co_return false;
  }
  connection_.begin(from);
  co_return true;
}

/// Steps over bytes up to the next frame. False if none comes.
Part<bool> Http2::find_frames(Input& in) {
  const std::uint32_t most = connection_.longest_frame(in.from());
  while (co_await in.more(kHeaderSize)) {
    const Finding finding = find_frame(in.available(), most, in.ended());
    if (finding.junk > 0) co_await in.take(finding.junk);
    if (finding.what == Finding::What::frame) {
      connection_.found(in.from());
      co_return true;
    }
    if (finding.what == Finding::What::maybe) co_await in.more(finding.needed);
  }
  co_return false;
}

/// False if the stream ended first.
Part<bool> Http2::read_data(Input& in, const Frame& frame) {
  const Direction from = in.from();
  connection_.begin_data(from, frame);
  std::uint32_t left = frame.header.length;
  std::uint32_t padding = 0;
  if (frame.header.has(flag::kPadded) && left > 0) {
    const auto length = co_await in.take(1);
    if (!length) co_return false;
    padding = (*length)[0];
    --left;
  }
  if (padding > left) {
    connection_.flaw(kPadding, from);
    padding = left;
  }
  DataSink& sink = data_[index(from)];
  sink.begin(frame.header.stream);
  const std::uint64_t passed = co_await in.pass(left - padding, &sink);
  if (passed < left - padding) co_return false;
  Frame whole = frame;
  if (left > padding) whole.last = in.last_stamp();
  const std::uint64_t rest = co_await in.pass(padding);
  connection_.end_data(from, whole);
  co_return rest == padding;
}

Part<bool> Http2::read_payload(Input& in, const Frame& frame, bool understood) {
  const Direction from = in.from();
  const std::uint32_t length = frame.header.length;
  if (!understood) {
    const std::uint64_t passed = co_await in.pass(length);
    co_return passed == length;
  }
  Gathered& gathered = gathered_[index(from)];
  gathered.begin(frame.header.stream);
  const std::uint64_t passed = co_await in.pass(length, &gathered);
  if (passed < length) co_return false;
  Frame whole = frame;
  whole.last = in.last_stamp();
  connection_.payload(from, whole, gathered.bytes(), gathered.is_missing());
  gathered.end();
  co_return true;
}

Dissection Http2::read_frames(Input& in, bool lost) {
  const Direction from = in.from();
  if (!lost) {
    auto beginning = read_beginning(in);
    const bool begins = co_await beginning;
    if (!begins) connection_.lose(from);
    lost = !begins;
  }
  const bool found_again = lost;
  for (;;) {
    if (lost) {
      auto finding = find_frames(in);
      const bool found = co_await finding;
      if (!found) break;
      lost = false;
    }
    const bool more = co_await in.more();
    if (!more) break;
    Frame frame;
    frame.first = in.next_stamp();
    const auto head = co_await in.take(kHeaderSize);
    if (!head) break;
    frame.header = read_header(*head);
    frame.last = in.last_stamp();
    if (found_again && likeness(frame.header, kLongestBelieved) == Likeness::none) {
      connection_.lose(from);  // what was found were no frames after all
      lost = true;
      continue;
    }
    const bool understood = connection_.header(from, frame);
    std::optional<Frame>& reading = reading_[index(from)];
    reading = frame;
    if (frame.header.type == FrameType::data && understood) {
      auto data = read_data(in, frame);
      const bool whole = co_await data;
      if (!whole) break;
    } else if (understood && in.available().size() >= frame.header.length) {
      const auto payload = co_await in.take(frame.header.length);
      if (frame.header.length > 0) frame.last = in.last_stamp();
      connection_.watch(from, frame.header.stream, frame.header.length, frame.last);
      connection_.payload(from, frame, *payload, false);
    } else {
      auto payload = read_payload(in, frame, understood);
      const bool whole = co_await payload;
      if (!whole) break;
    }
    reading.reset();
  }
}

std::unique_ptr<Dissector> open(Context& context, Conversation& conversation) {
  return std::unique_ptr<Dissector>(new (context.memory()) Http2(context, conversation));
}

Fit probe(Direction, Bytes first) {
  const std::string_view text = as_text(first);
  if (text.empty() || text.front() == kPreface.front()) {
    if (text.starts_with(kPreface.substr(0, 16))) return Fit::certain;
    if (kPreface.starts_with(text)) return Fit::unsure;
  }
  return judge_frames(first);
}

std::optional<Direction> speaker(Bytes first) {
  if (as_text(first).starts_with(kPreface)) return Direction::from_client;
  return speaker_of_frames(first);
}

constexpr std::array<const EventType*, 4> kEvents = {
    &kEventType<RequestSeen>, &kEventType<Exchange>, &kEventType<ConnectionSummary>,
    &kEventType<GrpcCall>};
constexpr std::array<std::string_view, 2> kOtherNames = {"h2", "h2c"};

}  // namespace

const Protocol kProtocol = {.name = "http2",
                            .transport = Transport::tcp,
                            .probe = probe,
                            .open = open,
                            .events = kEvents,
                            .speaker = speaker,
                            .also_known_as = kOtherNames,
                            .rules = rules()};

}  // namespace wirelens::http2
