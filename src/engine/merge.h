// engine/merge.h - events of several workers, told as if there were one.
//
// The input is cut into windows of packets. Each worker hands in one batch of events per window,
// copied so that they outlive the packets; when every worker has handed in a window, its events are
// written in the order of their moments, and connections get their ids in order of first packet.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "event/emitter.h"

namespace wirelens {

/// What one worker found in one window.
struct EventBatch {
  enum class Kind : std::uint8_t { event, open, close };
  struct Entry {
    Moment moment;
    Kind kind = Kind::event;
    std::optional<ConnectionId> connection;  ///< the worker's own number
    const EventType* type = nullptr;
    Timestamp time{};
    const void* payload = nullptr;  ///< in `arena`
    const Peers* peers = nullptr;   ///< in `arena`
  };
  std::pmr::monotonic_buffer_resource arena;
  std::vector<Entry> entries;
};

/// Batches on their way from one worker; at most kMostWaiting of them.
class BatchQueue {
 public:
  /// Waits for room.
  void push(std::unique_ptr<EventBatch> batch);
  /// No more batches will come.
  void end();
  /// Waits for the next batch; nullptr at the end.
  std::unique_ptr<EventBatch> pop();

 private:
  static constexpr std::size_t kMostWaiting = 4;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<EventBatch>> batches_;
  bool ended_ = false;
};

/// A worker's emitter: copies what it is lent.
class CopyingEmitter final : public Emitter {
 public:
  explicit CopyingEmitter(BatchQueue& queue)
      : queue_(queue), batch_(std::make_unique<EventBatch>()) {}

  ConnectionId open() override;
  void close(ConnectionId connection) override;
  void emit(const EventType* type, Timestamp time, std::optional<ConnectionId> connection,
            const void* payload, const Peers* peers) override;
  /// The window is over: hands in what was found.
  void hand_in();

 private:
  BatchQueue& queue_;
  std::unique_ptr<EventBatch> batch_;
  ConnectionId next_ = 0;
};

/// The emitter of a lone worker: what it is lent goes straight to the sink.
class DirectEmitter final : public Emitter {
 public:
  explicit DirectEmitter(EventSink& sink) : sink_(sink) {}

  ConnectionId open() override { return next_++; }
  void close(ConnectionId) override {}
  void emit(const EventType* type, Timestamp time, std::optional<ConnectionId> connection,
            const void* payload, const Peers* peers) override {
    sink_.write(Event(type, time, connection, payload, peers));
  }

 private:
  EventSink& sink_;
  ConnectionId next_ = 0;
};

class Merger {
 public:
  Merger(std::vector<BatchQueue*> queues, EventSink& sink);

  /// Waits for the next window of every worker and writes it; false when all have ended.
  bool write_window();

 private:
  struct Lane {
    BatchQueue* queue;
    std::unique_ptr<EventBatch> batch;
    std::size_t next = 0;
    std::unordered_map<ConnectionId, ConnectionId> ids;  // of open connections
  };

  void write(Lane& lane, EventBatch::Entry& entry);

  std::vector<Lane> lanes_;
  EventSink& sink_;
  ConnectionId next_id_ = 0;
};

}  // namespace wirelens
