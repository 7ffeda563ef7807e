// http2/hole_watch.h - head-of-line blocking: what waited behind a hole of the TCP stream.
//
// TCP gives bytes on in order. Bytes that came before the packet that filled the hole in front of
// them keep their own stamps, so at that packet:
//
//   stamp of the packet itself     bytes of the hole: the streams that lost something
//   an older stamp                 bytes that waited, since then: their streams, too
//
// A hole that the capture alone has is none: nobody waited for it.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <vector>

#include "event/stamp.h"
#include "http2/records.h"

namespace wirelens::http2 {

/// One direction's holes. What it finds is told when the packet that filled a hole is past.
class HoleWatch {
 public:
  static constexpr std::size_t kMaxLost = 16;
  static constexpr std::size_t kMaxWaiting = 64;

  /// A hole that has filled. Spans live until the next call.
  struct Hole {
    Stamp filled;
    Duration time{};          ///< since the first byte behind it came
    std::uint64_t bytes = 0;  ///< that waited
    std::span<const std::uint32_t> lost;
    std::span<const std::uint32_t> waiting;  ///< streams that lost nothing
    Duration stream_time{};                  ///< that those waited, summed
  };

  HoleWatch(const Stamp& begun, std::pmr::memory_resource& memory)
      : begun_(begun.packet), waiting_(&memory), waiting_ids_(&memory) {}

  /// Bytes of `stream`, stamped `own`, are read at packet `now`. Gives a hole that is complete.
  std::optional<Hole> read(std::uint32_t stream, std::uint64_t bytes, const Stamp& own,
                           const Stamp& now) {
    if (now.packet == at_.packet && own.packet == now.packet && bytes_ == 0) {
      lost_.note(stream);
      return std::nullopt;
    }
    return read_other(stream, bytes, own, now);
  }
  /// Bytes were given up: what is read at this packet behind them waited for nobody.
  void give_up(const Stamp& now) { given_up_ = now.packet; }
  /// Nothing more comes.
  std::optional<Hole> finish();

 private:
  struct Lost {
    std::array<std::uint32_t, kMaxLost> ids{};
    std::size_t count = 0;

    void note(std::uint32_t stream) {
      if (!has(stream) && count < kMaxLost) ids[count++] = stream;
    }
    bool has(std::uint32_t stream) const;
  };
  struct Waiter {
    std::uint32_t stream;
    Timestamp since;
  };

  std::optional<Hole> read_other(std::uint32_t stream, std::uint64_t bytes, const Stamp& own,
                                 const Stamp& now);

  std::uint64_t begun_;  // bytes that were there before the protocol was known waited for that
  Stamp at_;             // the packet of what follows
  std::uint64_t given_up_ = 0;
  std::uint64_t bytes_ = 0;
  Timestamp since_{};
  Lost lost_;  // who has bytes of the packet at_, in front of what waited
  Lost told_;  // the same of the hole that was told of last
  std::pmr::vector<Waiter> waiting_;
  std::pmr::vector<std::uint32_t> waiting_ids_;
};

}  // namespace wirelens::http2
