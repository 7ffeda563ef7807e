// engine/engine.cc - one worker reads for itself; several walk the same input, and a merge joins
// them.
#include "engine/engine.h"

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>

#include "base/hash.h"
#include "detect/detector.h"
#include "dissect/dissector.h"
#include "engine/broadcast.h"
#include "engine/merge.h"
#include "engine/summary.h"
#include "engine/worker.h"
#include "event/exchange.h"
#include "event/finding.h"
#include "event/records.h"
#include "event/segment.h"
#include "event/timeline.h"

namespace wirelens {
namespace {

constexpr std::size_t kReadAtOnce = 256;
/// Packets of a window of a file: batches of events small enough to stay in the cache.
constexpr int kWindowShift = 12;

class Run {
 public:
  Run(const SourceOpener& open, const EngineOptions& options, const RunControl& control,
      EventSink& sink)
      : open_(open), options_(options), control_(control), sink_(sink) {}

  Result<RunResult> go();

 private:
  /// What one worker of several has to itself.
  struct Lane {
    BatchQueue events;
    BlockQueue blocks;  // only if the input cannot be walked by each
    CopyingEmitter emitter{events};
    std::thread thread;
  };

  void alone();
  static void take(Worker& worker, std::span<const Packet> packets, const Source& source,
                   std::size_t& keys_taken);
  std::optional<Error> together();
  std::optional<Error> start_walking();
  void start_following();
  void walk(std::size_t number);
  void read_round(BlockReader& reader, std::shared_ptr<const PacketBlock> block);
  void follow(std::size_t number);

  /// Lets the user see how far the run is; false: end it.
  bool attend(std::uint64_t packets, std::uint64_t bytes);
  /// A worker asks whether it may begin a window; all workers end with the same one.
  bool may_begin(std::uint64_t window);
  void end_early();

  const SourceOpener& open_;
  const EngineOptions& options_;
  const RunControl& control_;
  EventSink& sink_;
  std::vector<std::unique_ptr<Source>> sources_;  // one, or one for each worker
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::thread reader_;
  std::optional<KeyLogTail> key_log_;  ///< that grows during the run
  std::atomic<bool> stopped_ = false;
  std::atomic<std::uint64_t> packets_read_ = 0;
  std::atomic<std::uint64_t> bytes_read_ = 0;

  std::mutex windows_;
  std::uint64_t furthest_ = 0;  // window that some worker has begun
  std::uint64_t last_ = std::numeric_limits<std::uint64_t>::max();
};

Result<RunResult> Run::go() {
  Result<std::unique_ptr<Source>> source = open_();
  if (!source) return source.error();
  sources_.push_back(std::move(*source));
  if (!options_.growing_key_log.empty()) key_log_.emplace(options_.growing_key_log);
  // Sessions whose secrets came by RSA are resumed by other connections: one worker sees them all.
  const bool one = options_.threads <= 1 || !options_.private_keys.empty();
  // Secrets are logged a moment after the packets that need them: a reader that goes ahead by a
  // block, up to the next pause, and then looks for secrets gives them that moment.
  if (one && !key_log_) {
    alone();
  } else if (std::optional<Error> error = together()) {
    return *error;
  }
  write_end(*sources_.front(), workers_, sink_);
  RunResult result;
  result.packets = workers_.front()->tally().packets;
  result.damages = sources_.front()->damages();
  result.remarks = sources_.front()->remarks();
  result.stopped = stopped_;
  return result;
}

bool Run::attend(std::uint64_t packets, std::uint64_t bytes) {
  if (control_.progress) {
    control_.progress({packets, bytes, sources_.front()->bytes_total()});
  }
  const bool stop = control_.stop && control_.stop->load(std::memory_order_relaxed);
  if (stop || (control_.idle && !control_.idle())) stopped_ = true;
  return !stopped_;
}

// ---- one worker
// -------------------------------------------------------------------------------------

void Run::alone() {
  constexpr std::uint64_t kReadsBetweenLooks = 16;
  Source& source = *sources_.front();
  DirectEmitter emitter(sink_);
  workers_.push_back(std::make_unique<Worker>(options_, HashKey::random(), 0, 1, emitter));
  Worker& worker = *workers_.front();
  std::array<Packet, kReadAtOnce> packets;
  std::size_t keys_taken = 0;

  bool begun = false;
  for (std::uint64_t reads = 0;; ++reads) {
    const ReadResult read = source.read(packets);
    if (!begun && (read.count > 0 || read.ended)) {
      write_begin(source, read.count > 0 ? packets.data() : nullptr, sink_);
      begun = true;
    }
    take(worker, std::span(packets).first(read.count), source, keys_taken);
    if (read.ended) break;
    const bool look = read.count == 0 || reads % kReadsBetweenLooks == 0;
    if (look && !attend(worker.tally().packets, source.bytes_read())) break;
  }
  if (!begun) write_begin(source, nullptr, sink_);
  worker.finish();
}

/// Hands packets on, and the secrets among them that were not handed on before.
void Run::take(Worker& worker, std::span<const Packet> packets, const Source& source,
               std::size_t& keys_taken) {
  const std::span<const Annotations::Keys> keys = source.annotations().tls_keys;
  keys_taken += worker.take(packets, source.interfaces(), keys.subspan(keys_taken));
}

// ---- several workers
// --------------------------------------------------------------------------------

std::optional<Error> Run::together() {
  const unsigned wanted = options_.private_keys.empty() ? std::max(options_.threads, 1u) : 1u;
  const unsigned count = std::min(wanted, Worker::kShards);
  const HashKey secret = HashKey::random();
  std::vector<BatchQueue*> queues;
  for (unsigned i = 0; i < count; ++i) {
    lanes_.push_back(std::make_unique<Lane>());
    queues.push_back(&lanes_[i]->events);
    workers_.push_back(std::make_unique<Worker>(options_, secret, i, count, lanes_[i]->emitter));
  }
  if (sources_.front()->repeatable()) {
    if (std::optional<Error> error = start_walking()) return error;
  } else {
    start_following();
  }
  Merger merger(queues, sink_);
  while (merger.write_window()) {
    if (!attend(packets_read_, bytes_read_)) end_early();
  }
  for (const auto& lane : lanes_) lane->thread.join();
  if (reader_.joinable()) reader_.join();
  return std::nullopt;
}

/// Each worker reads the whole file on its own: no queues of packets, no copies between threads.
std::optional<Error> Run::start_walking() {
  Result<std::unique_ptr<Source>> ahead = open_();
  if (!ahead) return ahead.error();
  while (sources_.size() < lanes_.size()) {
    Result<std::unique_ptr<Source>> another = open_();
    if (!another) return another.error();
    sources_.push_back(std::move(*another));
  }
  Packet first;
  const bool any = (*ahead)->read({&first, 1}).count > 0;
  write_begin(**ahead, any ? &first : nullptr, sink_);
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    lanes_[i]->thread = std::thread(&Run::walk, this, i);
  }
  return std::nullopt;
}

void Run::walk(std::size_t number) {
  Source& source = *sources_[number];
  Worker& worker = *workers_[number];
  Lane& lane = *lanes_[number];
  std::array<Packet, kReadAtOnce> packets;
  std::uint64_t window = 0;
  std::size_t keys_taken = 0;
  bool go_on = may_begin(window);
  while (go_on) {
    const ReadResult read = source.read(packets);
    std::size_t begin = 0;
    for (std::size_t i = 0; i < read.count && go_on; ++i) {
      const std::uint64_t next = packets[i].number >> kWindowShift;
      if (next == window) continue;
      take(worker, std::span(packets).subspan(begin, i - begin), source, keys_taken);
      lane.emitter.hand_in();
      begin = i;
      window = next;
      go_on = may_begin(window);
      if (number == 0) packets_read_ = worker.tally().packets, bytes_read_ = source.bytes_read();
    }
    if (!go_on) break;
    take(worker, std::span(packets).subspan(begin, read.count - begin), source, keys_taken);
    if (read.ended) break;
  }
  worker.finish();
  lane.emitter.hand_in();
  lane.events.end();
}

bool Run::may_begin(std::uint64_t window) {
  const std::lock_guard lock(windows_);
  if (window > last_) return false;
  furthest_ = std::max(furthest_, window);
  return true;
}

void Run::end_early() {
  const std::lock_guard lock(windows_);
  last_ = std::min(last_, furthest_);
}

/// A pipe or an interface is read once, and its packets go round in blocks.
void Run::start_following() {
  auto reader = std::make_shared<BlockReader>(*sources_.front(), key_log_ ? &*key_log_ : nullptr);
  std::shared_ptr<const PacketBlock> first = reader->read();
  while (first && first->packets.empty() && attend(0, 0)) first = reader->read();
  const bool any = first && !first->packets.empty();
  write_begin(*sources_.front(), any ? first->packets.data() : nullptr, sink_);
  reader_ = std::thread([this, reader, first] { read_round(*reader, first); });
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    lanes_[i]->thread = std::thread(&Run::follow, this, i);
  }
}

void Run::read_round(BlockReader& reader, std::shared_ptr<const PacketBlock> block) {
  std::uint64_t packets = 0;
  for (; block; block = stopped_ ? nullptr : reader.read()) {
    for (const auto& lane : lanes_) lane->blocks.push(block);
    packets += block->packets.size();
    packets_read_ = packets;
    bytes_read_ = sources_.front()->bytes_read();
  }
  for (const auto& lane : lanes_) lane->blocks.end();
}

void Run::follow(std::size_t number) {
  Lane& lane = *lanes_[number];
  std::vector<Annotations::Keys> keys;
  while (const std::shared_ptr<const PacketBlock> block = lane.blocks.pop()) {
    keys.insert(keys.end(), block->keys.begin(), block->keys.end());
    const std::size_t taken = workers_[number]->take(block->packets, *block->interfaces, keys);
    keys.erase(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(taken));
    lane.emitter.hand_in();
  }
  workers_[number]->finish();
  lane.emitter.hand_in();
  lane.events.end();
}

}  // namespace

Result<RunResult> run(const SourceOpener& open, const EngineOptions& options,
                      const RunControl& control, EventSink& sink) {
  detect::Detector detector({.rules = options.rules,
                             .settings = options.settings,
                             .time_wait = options.time_wait,
                             .live = options.live},
                            sink);
  return Run(open, options, control, detector).go();
}

std::vector<const EventType*> event_types(std::span<const Protocol* const> protocols) {
  std::vector<const EventType*> types = {&kEventType<CaptureBegin>,  &kEventType<Connection>,
                                         &kEventType<FlawSeen>,      &kEventType<Exchange>,
                                         &kEventType<RequestSeen>,   &kEventType<SegmentSeen>,
                                         &kEventType<TimelineRecord>};
  for (const Protocol* protocol : protocols) {
    for (const EventType* type : protocol->events) {
      if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
    }
  }
  types.push_back(&kEventType<Finding>);
  types.push_back(&kEventType<CaptureEnd>);
  return types;
}

}  // namespace wirelens
