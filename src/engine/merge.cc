// engine/merge.cc - one order out of many.
#include "engine/merge.h"

#include "event/records.h"

namespace wirelens {

void BatchQueue::push(std::unique_ptr<EventBatch> batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return batches_.size() < kMostWaiting; });
  batches_.push_back(std::move(batch));
  changed_.notify_all();
}

void BatchQueue::end() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

std::unique_ptr<EventBatch> BatchQueue::pop() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_ || !batches_.empty(); });
  if (batches_.empty()) return nullptr;
  std::unique_ptr<EventBatch> batch = std::move(batches_.front());
  batches_.pop_front();
  changed_.notify_all();
  return batch;
}

ConnectionId CopyingEmitter::open() {
  batch_->entries.push_back(
      {moment(), EventBatch::Kind::open, next_, nullptr, {}, nullptr, nullptr});
  return next_++;
}

void CopyingEmitter::close(ConnectionId connection) {
  batch_->entries.push_back(
      {moment(), EventBatch::Kind::close, connection, nullptr, {}, nullptr, nullptr});
}

void CopyingEmitter::emit(const EventType* type, Timestamp time,
                          std::optional<ConnectionId> connection, const void* payload,
                          const Peers* peers) {
  const Peers* kept = nullptr;
  if (peers) kept = new (batch_->arena.allocate(sizeof(Peers), alignof(Peers))) Peers(*peers);
  batch_->entries.push_back({moment(), EventBatch::Kind::event, connection, type, time,
                             type->copy(payload, batch_->arena), kept});
}

void CopyingEmitter::hand_in() {
  queue_.push(std::exchange(batch_, std::make_unique<EventBatch>()));
}

Merger::Merger(std::vector<BatchQueue*> queues, EventSink& sink) : sink_(sink) {
  for (BatchQueue* queue : queues) lanes_.push_back({queue, nullptr, 0, {}});
}

bool Merger::write_window() {
  bool any = false;
  for (Lane& lane : lanes_) {
    lane.batch = lane.queue->pop();
    lane.next = 0;
    any = any || lane.batch;
  }
  while (true) {
    Lane* first = nullptr;
    for (Lane& lane : lanes_) {
      if (!lane.batch || lane.next == lane.batch->entries.size()) continue;
      if (!first ||
          lane.batch->entries[lane.next].moment < first->batch->entries[first->next].moment) {
        first = &lane;
      }
    }
    if (!first) return any;
    write(*first, first->batch->entries[first->next++]);
  }
}

void Merger::write(Lane& lane, EventBatch::Entry& entry) {
  switch (entry.kind) {
    case EventBatch::Kind::open:
      lane.ids.emplace(*entry.connection, next_id_++);
      return;
    case EventBatch::Kind::close:
      lane.ids.erase(*entry.connection);
      return;
    case EventBatch::Kind::event:
      break;
  }
  if (entry.type == &kEventType<Connection>) {
    // The one record that carries its connection's number within itself. The copy is ours to
    // change.
    auto* record = static_cast<Connection*>(const_cast<void*>(entry.payload));
    record->id = lane.ids.at(record->id);
  }
  std::optional<ConnectionId> id;
  if (entry.connection) id = lane.ids.at(*entry.connection);
  sink_.write(Event(entry.type, entry.time, id, entry.payload, entry.peers));
}

}  // namespace wirelens
