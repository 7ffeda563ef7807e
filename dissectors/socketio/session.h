// socketio/session.h - Engine.IO packets of one transport, whatever carried them, become records.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "dissect/dissector.h"
#include "socketio/packet.h"
#include "socketio/payload.h"
#include "socketio/records.h"

namespace wirelens::socketio {

/// A binary packet that waits for its attachments keeps so much of its data at most.
inline constexpr std::size_t kMaxHeldData = 256;

/// A packet whose attachments have not all come.
struct Waiting {
  PacketSeen seen;
  std::string name_space;
  std::string event;
  std::string data;
  Timestamp time{};
  std::uint64_t missing = 0;  // attachments that have not come
  std::uint64_t bytes = 0;    // of those that have
};

class Session {
 public:
  /// `target`: of the request (a poll, or the upgrade) that it belongs to.
  Session(Context& context, std::string_view target);

  /// An Engine.IO packet; `complete` unless the end of its text is missing.
  void packet(Direction from, const EnginePacket& packet, const Stamp& first, bool complete);
  /// Something cannot be told apart.
  void broken(Direction from);
  /// Packets of this direction may have been lost, or none come any more.
  void lost(Direction from);
  /// Tells of the session, if there is something to tell.
  void finish();
  unsigned version() const { return version_; }

 private:
  void message(Direction from, std::string_view text, const Stamp& first, bool complete);
  void attachment(Direction from, std::uint64_t bytes);
  void open(std::string_view json);
  void heartbeat(Timestamp time);
  void emit(PacketSeen& seen, std::string_view data, Timestamp time);

  Context& context_;
  bool websocket_;
  bool came_over_ = false;  // the session began by polling
  unsigned version_ = 4;
  std::string sid_;
  SessionSeen totals_;
  Timestamp began_;
  std::optional<Timestamp> probed_;
  std::optional<Timestamp> last_ping_;
  std::array<std::optional<Waiting>, 2> waiting_;
  std::string preview_;
};

}  // namespace wirelens::socketio
