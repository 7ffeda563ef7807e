// tcp/history.cc - Zeek's words for what happened.
#include "tcp/history.h"

namespace wirelens::tcp {
namespace {

/// The client sent a SYN and then a reset, and the server nothing that matters: S0 with an R.
bool syn_then_reset(std::string_view history) {
  if (history.starts_with('^')) history.remove_prefix(1);
  if (!history.starts_with('S')) return false;
  const auto reset = history.find('R');
  return reset != history.npos && history.substr(0, reset).find_first_of("HAFGIQ") == history.npos;
}

}  // namespace

void History::flip() {
  History swapped;
  swapped.append(code_of('^', Direction::from_server));
  for (unsigned i = 0; i < size(); ++i) {
    const std::uint64_t code = (bits_ >> (5 * i)) & 31;
    if (code != 0) swapped.append(code ^ 16u);
  }
  *this = swapped;
}

std::string History::text() const {
  std::string text;
  for (unsigned i = 0; i < size(); ++i) text += at(i);
  return text;
}

std::string_view conn_state(ZeekState client, ZeekState server, bool no_bytes,
                            std::string_view history) {
  const auto silent = [](ZeekState end) {
    return end == ZeekState::inactive || end == ZeekState::partial;
  };
  if (server == ZeekState::reset) {
    const bool only_syn = client == ZeekState::syn_sent || client == ZeekState::syn_ack_sent;
    if (only_syn || (client == ZeekState::reset && no_bytes)) return "REJ";
    return silent(client) ? "RSTRH" : "RSTR";
  }
  if (client == ZeekState::reset) {
    if (!silent(server)) return "RSTO";
    return syn_then_reset(history) ? "RSTOS0" : "OTH";
  }
  if (client == ZeekState::closed && server == ZeekState::closed) return "SF";
  if (client == ZeekState::closed) return silent(server) ? "SH" : "S2";
  if (server == ZeekState::closed) return silent(client) ? "SHR" : "S3";
  if (client == ZeekState::syn_sent && server == ZeekState::inactive) return "S0";
  if (client == ZeekState::established && server == ZeekState::established) return "S1";
  return "OTH";
}

}  // namespace wirelens::tcp
