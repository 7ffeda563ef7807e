// tcp/state_test.cc - RFC 9293 figure 5, edge by edge, and its walks.
#include "tcp/state.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <utility>

namespace wirelens::tcp {
namespace {

constexpr unsigned kStates = 11, kSteps = 10;

TEST(State, HasExactlyTheEdgesOfTheFigure) {
  using enum State;
  const std::map<std::pair<State, Step>, State> edges = {
      {{closed, Step::passive_open}, listen},
      {{closed, Step::send_syn}, syn_sent},
      {{listen, Step::receive_syn}, syn_received},
      {{listen, Step::send_syn}, syn_sent},
      {{syn_sent, Step::receive_syn}, syn_received},
      {{syn_sent, Step::receive_syn_ack}, established},
      {{syn_received, Step::receive_ack_of_syn}, established},
      {{syn_received, Step::send_fin}, fin_wait_1},
      {{established, Step::send_fin}, fin_wait_1},
      {{established, Step::receive_fin}, close_wait},
      {{fin_wait_1, Step::receive_ack_of_fin}, fin_wait_2},
      {{fin_wait_1, Step::receive_fin}, closing},
      {{fin_wait_2, Step::receive_fin}, time_wait},
      {{close_wait, Step::send_fin}, last_ack},
      {{closing, Step::receive_ack_of_fin}, time_wait},
      {{last_ack, Step::receive_ack_of_fin}, closed},
      {{time_wait, Step::time_out}, closed},
  };
  for (unsigned state = 0; state < kStates; ++state) {
    for (unsigned event = 0; event < kSteps; ++event) {
      const auto from = static_cast<State>(state);
      const auto what = static_cast<Step>(event);
      const auto edge = edges.find({from, what});
      const State expected = what == Step::reset   ? State::closed
                             : edge == edges.end() ? from
                                                   : edge->second;
      EXPECT_EQ(step(from, what), expected) << name_of(from) << " " << event;
    }
  }
}

TEST(State, NamesAreTheContracts) {
  std::set<std::string_view> names;
  for (unsigned state = 0; state < kStates; ++state) {
    names.insert(name_of(static_cast<State>(state)));
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"closed", "listen", "syn_sent", "syn_received",
                                               "established", "fin_wait_1", "fin_wait_2",
                                               "close_wait", "closing", "last_ack", "time_wait"}));
}

}  // namespace
}  // namespace wirelens::tcp
