// bench/flow.cc - batches, and the k-way merge of flows by time.
#include "bench/flow.h"

#include <algorithm>
#include <limits>

namespace wirelens::bench {

void sort_by_time(std::vector<Packet>& batch) {
  std::stable_sort(batch.begin(), batch.end(),
                   [](const Packet& a, const Packet& b) { return a.time < b.time; });
}

std::optional<std::int64_t> Flow::peek() {
  while (next_ == batch_.size()) {
    batch_.clear();
    bytes_.clear();
    next_ = 0;
    if (!compose()) return std::nullopt;
    sort_by_time(batch_);
    finish(batch_);
  }
  return batch_[next_].time;
}

void Flow::write(FrameBuilder& builder, CaptureWriter& writer) {
  const Packet& packet = batch_[next_++];
  const View payload = View(bytes_).subspan(packet.offset, packet.size);
  writer.write(packet.time, is_tcp_
                                ? builder.tcp(ends_, packet.from, packet.ip_id, packet.tcp, payload)
                                : builder.udp(ends_, packet.from, packet.ip_id, payload));
}

void Flow::emit(Packet packet, View payload) {
  packet.offset = bytes_.size();
  packet.size = payload.size();
  bytes_.insert(bytes_.end(), payload.begin(), payload.end());
  batch_.push_back(packet);
}

bool Merge::later(const Entry& a, const Entry& b) {
  return a.time != b.time ? a.time > b.time : a.ordinal > b.ordinal;
}

void Merge::add(std::unique_ptr<Flow> flow) {
  const auto time = flow->peek();
  if (!time) return;
  heap_.push_back({*time, added_++, std::move(flow)});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void Merge::step() {
  std::pop_heap(heap_.begin(), heap_.end(), later);
  Entry& entry = heap_.back();
  entry.flow->write(builder_, writer_);
  if (const auto time = entry.flow->peek()) {
    entry.time = *time;
    std::push_heap(heap_.begin(), heap_.end(), later);
  } else {
    heap_.pop_back();
  }
}

void Merge::run_until(std::int64_t time) {
  while (!heap_.empty() && heap_.front().time < time) step();
}

void Merge::run_to_end() {
  run_until(std::numeric_limits<std::int64_t>::max());
}

}  // namespace wirelens::bench
