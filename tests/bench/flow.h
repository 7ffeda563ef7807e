// bench/flow.h - one synthetic flow: composes its packets in batches, in order of time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "bench/capture_writer.h"
#include "bench/frame.h"
#include "bench/random.h"
#include "bench/truth.h"

namespace wirelens::bench {

/// A packet that a flow wants to send; the payload lies in the flow's own buffer.
struct Packet {
  std::int64_t time = 0;  // nanoseconds since 1970
  From from = From::client;
  std::uint16_t ip_id = 0;
  TcpFields tcp;  // unused in a UDP flow
  std::size_t offset = 0;
  std::size_t size = 0;
};

/// Stable: packets of one instant keep their order.
void sort_by_time(std::vector<Packet>& batch);

/// Holds at most one batch of packets. A derived class composes the next batch, whose packets must
/// not be earlier than those of the batch before.
class Flow {
 public:
  Flow(const Endpoints& ends, bool is_tcp) : ends_(ends), is_tcp_(is_tcp) {}
  virtual ~Flow() = default;
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  /// The time of the next packet; absent when the flow has sent its last one.
  std::optional<std::int64_t> peek();
  /// Writes the packet that peek() announced.
  void write(FrameBuilder& builder, CaptureWriter& writer);

 protected:
  /// Appends packets to the batch; false when there is nothing more to say.
  virtual bool compose() = 0;
  /// Called with the batch in order of time, before any of it is written.
  virtual void finish(std::vector<Packet>& batch) { static_cast<void>(batch); }
  /// Appends one packet with a copy of `payload`.
  void emit(Packet packet, View payload);

  Endpoints ends_;

 private:
  bool is_tcp_;
  std::vector<Packet> batch_;
  std::size_t next_ = 0;
  Bytes bytes_;
};

/// Writes packets of many flows in order of time; ties go to the flow that was added first.
class Merge {
 public:
  Merge(FrameBuilder& builder, CaptureWriter& writer) : builder_(builder), writer_(writer) {}

  void add(std::unique_ptr<Flow> flow);
  /// Writes everything earlier than `time`.
  void run_until(std::int64_t time);
  void run_to_end();

 private:
  struct Entry {
    std::int64_t time;
    std::uint64_t ordinal;
    std::unique_ptr<Flow> flow;
  };
  static bool later(const Entry& a, const Entry& b);
  void step();

  FrameBuilder& builder_;
  CaptureWriter& writer_;
  std::uint64_t added_ = 0;
  std::vector<Entry> heap_;
};

}  // namespace wirelens::bench
