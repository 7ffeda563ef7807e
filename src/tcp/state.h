// tcp/state.h - the connection states of one end, RFC 9293 section 3.3.2.
//
//   passive open          closed ------ send SYN ------+
//        |                                             v
//      listen -- send SYN ------------------------> syn_sent
//        | receive SYN                                 | receive SYN-ACK
//        v              receive SYN (simultaneous)     |
//   syn_received <-------------------------------------+
//        |  receive ACK of SYN                         |
//        +-----------------> established <-------------+
//        | send FIN           |        | receive FIN
//        +----> fin_wait_1 <--+        +----> close_wait
//        ACK of |    | receive FIN                | send FIN
//        FIN    v    v                            v
//        fin_wait_2  closing                   last_ack
//   receive FIN |    | ACK of FIN                 | ACK of FIN
//               +----+--> time_wait --(2 MSL)--> closed
//
// Nobody tells us what an end received. It has received what it acknowledges; the ACK of its own
// SYN or FIN is taken as received when the capture sees it.
#pragma once

#include <cstdint>
#include <string_view>

namespace wirelens::tcp {

enum class State : std::uint8_t {
  closed,
  listen,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};

/// What happens to one end.
enum class Step : std::uint8_t {
  passive_open,
  send_syn,
  receive_syn,         ///< without an ACK of the own SYN, or before one was sent
  receive_syn_ack,     ///< the other end's SYN together with the ACK of the own one
  receive_ack_of_syn,  ///< the own SYN is acknowledged
  send_fin,
  receive_fin,         ///< proven by the own ACK of it
  receive_ack_of_fin,  ///< the own FIN is acknowledged
  time_out,            ///< 2 MSL have passed
  reset,               ///< a reset was sent or accepted
};

/// The state that follows. What a state does not know leaves it as it is.
constexpr State step(State state, Step step) {
  if (step == Step::reset) return State::closed;
  switch (state) {
    case State::closed:
      if (step == Step::passive_open) return State::listen;
      if (step == Step::send_syn) return State::syn_sent;
      break;
    case State::listen:
      if (step == Step::receive_syn) return State::syn_received;
      if (step == Step::send_syn) return State::syn_sent;
      break;
    case State::syn_sent:
      if (step == Step::receive_syn) return State::syn_received;
      if (step == Step::receive_syn_ack) return State::established;
      break;
    case State::syn_received:
      if (step == Step::receive_ack_of_syn) return State::established;
      if (step == Step::send_fin) return State::fin_wait_1;
      break;
    case State::established:
      if (step == Step::send_fin) return State::fin_wait_1;
      if (step == Step::receive_fin) return State::close_wait;
      break;
    case State::fin_wait_1:
      if (step == Step::receive_ack_of_fin) return State::fin_wait_2;
      if (step == Step::receive_fin) return State::closing;
      break;
    case State::fin_wait_2:
      if (step == Step::receive_fin) return State::time_wait;
      break;
    case State::close_wait:
      if (step == Step::send_fin) return State::last_ack;
      break;
    case State::closing:
      if (step == Step::receive_ack_of_fin) return State::time_wait;
      break;
    case State::last_ack:
      if (step == Step::receive_ack_of_fin) return State::closed;
      break;
    case State::time_wait:
      if (step == Step::time_out) return State::closed;
      break;
  }
  return state;
}

/// As the contract and OpenTelemetry's network.connection.state name it.
std::string_view name_of(State state);

template <class... Steps>
constexpr State walk(State state, Steps... steps) {
  ((state = step(state, steps)), ...);
  return state;
}
static_assert(walk(State::closed, Step::send_syn, Step::receive_syn_ack) == State::established);
static_assert(walk(State::closed, Step::passive_open, Step::receive_syn,
                   Step::receive_ack_of_syn) == State::established);
static_assert(walk(State::syn_sent, Step::receive_syn, Step::receive_ack_of_syn) ==
                  State::established,
              "simultaneous open");
static_assert(walk(State::established, Step::send_fin, Step::receive_ack_of_fin,
                   Step::receive_fin) == State::time_wait,
              "active close");
static_assert(walk(State::established, Step::receive_fin, Step::send_fin,
                   Step::receive_ack_of_fin) == State::closed,
              "passive close");
static_assert(walk(State::established, Step::send_fin, Step::receive_fin,
                   Step::receive_ack_of_fin) == State::time_wait,
              "simultaneous close");
static_assert(walk(State::fin_wait_1, Step::receive_ack_of_fin, Step::receive_fin) ==
              walk(State::fin_wait_1, Step::receive_fin, Step::receive_ack_of_fin));
static_assert(step(State::time_wait, Step::time_out) == State::closed);
static_assert(step(State::established, Step::send_syn) == State::established, "RFC 5961 4.2");

}  // namespace wirelens::tcp
