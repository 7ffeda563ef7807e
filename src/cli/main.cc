// cli/main.cc - the program's door.
#include <csignal>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/stop.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write(), see report/output.h
  wirelens::watch_signals();
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return wirelens::run_command(arguments);
}
