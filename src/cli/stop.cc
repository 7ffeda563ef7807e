// cli/stop.cc - a handler that only sets flags.
#include "cli/stop.h"

#include <csignal>

namespace wirelens {
namespace {

std::atomic<bool> stopping{false};
std::atomic<bool> signalled{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch nothing else");

extern "C" void on_signal(int number) {
  if (signalled.exchange(true)) {
    std::signal(number, SIG_DFL);
    std::raise(number);  // delivered when the handler returns
  }
  stopping = true;
}

}  // namespace

void watch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  // No SA_RESTART: a read that waits for a pipe shall come back.
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

std::atomic<bool>& stop_flag() {
  return stopping;
}

bool interrupted() {
  return signalled;
}

}  // namespace wirelens
