// tcp/state.cc - names of the connection states.
#include "tcp/state.h"

#include <array>

namespace wirelens::tcp {

std::string_view name_of(State state) {
  static constexpr std::array<std::string_view, 11> kNames = {
      "closed",     "listen",     "syn_sent", "syn_received", "established", "fin_wait_1",
      "fin_wait_2", "close_wait", "closing",  "last_ack",     "time_wait"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace wirelens::tcp
