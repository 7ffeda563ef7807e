// http2/incident.h - what happens on a connection now and then, and rules judge: never one a frame.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

#include "event/event.h"
#include "event/stamp.h"
#include "http2/frame.h"

namespace wirelens::http2 {

struct Incident {
  static constexpr std::string_view kName = "http2_incident";
  static constexpr std::string_view kAbout = "Something on an HTTP/2 connection that rules judge.";
  static constexpr bool kInternal = true;

  enum class Kind : std::uint8_t {
    busy,   ///< within one second many frames that ask for work; count: how many
    stall,  ///< a window was used up with data to send; duration: so long
    goaway  ///< count: streams that it leaves without an answer
  };
  Kind kind = Kind::busy;
  bool by_client = false;                 ///< who sent the frames, the DATA or the GOAWAY
  FrameType frame{};                      ///< busy: of this type
  std::uint32_t stream = 0;               ///< stall: whose window; 0: the connection's
  bool ended = true;                      ///< stall: the window was opened again
  Stamp at;                               ///< the first of the frames; the packet that shows it
  Duration duration{};                    ///< busy: first to last frame
  std::uint64_t count = 0;                ///< frames or streams
  std::optional<Duration> rtt;            ///< stall: of the handshake, if that was seen
  std::uint32_t code = 0;                 ///< goaway
  std::optional<std::string_view> debug;  ///< goaway: what it says besides

  static constexpr auto fields() {
    return std::tuple(field("debug", &Incident::debug, "additional debug data"));
  }
};

/// Frames of one type in one second: told when they were many.
class Busy {
 public:
  /// So many in a second, at least, are told of.
  static constexpr std::uint32_t kMany = 20;
  static constexpr Duration kSecond = std::chrono::seconds(1);

  /// A frame at `now`. Gives the second before, if that was busy and is over.
  std::optional<Incident> note(const Stamp& now) {
    std::optional<Incident> done;
    if (count_ > 0 && (now.time - first_.time >= kSecond || now.time < first_.time)) done = end();
    if (count_++ == 0) first_ = now;
    last_ = now.time;
    return done;
  }
  std::optional<Incident> end() {
    std::optional<Incident> done;
    if (count_ >= kMany) {
      done.emplace();
      done->at = first_;
      done->duration = last_ - first_.time;
      done->count = count_;
    }
    count_ = 0;
    return done;
  }

 private:
  Stamp first_;
  Timestamp last_{};
  std::uint32_t count_ = 0;
};

}  // namespace wirelens::http2
