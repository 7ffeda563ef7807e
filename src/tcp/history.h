// tcp/history.h - what happened, in Zeek's letters, twelve of them in eight bytes.
//
//   s SYN · h SYN-ACK · a pure ACK · d data · f FIN · r RST · c bad checksum · g gap · t resent
//   data · w zero window · i FIN with RST · q SYN with FIN or RST · ^ direction turned round;
//   capitals are the client's
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "event/records.h"

namespace wirelens::tcp {

class History {
 public:
  static constexpr unsigned kLetters = 12;

  /// False when it is full.
  bool add(char letter, Direction from) { return append(code_of(letter, from)); }
  char at(unsigned index) const { return letter_of((bits_ >> (5 * index)) & 31); }
  unsigned size() const { return static_cast<unsigned>(bits_ >> 60); }
  /// The ends have changed their parts: Zeek begins with ^ and swaps what was seen.
  void flip();
  std::string text() const;

  static char cased(char letter, Direction from) {
    return from == Direction::from_client && letter >= 'a' ? static_cast<char>(letter - 32)
                                                           : letter;
  }

 private:
  static constexpr std::string_view kKnown = "^shadfrcgtwiq";
  bool append(std::uint64_t code) {
    if (size() == kLetters) return false;
    bits_ |= code << (5 * size());
    bits_ += std::uint64_t{1} << 60;
    return true;
  }
  static std::uint64_t code_of(char letter, Direction from) {
    return kKnown.find(letter) | (from == Direction::from_client ? 16u : 0u);
  }
  static char letter_of(std::uint64_t code) {
    const char letter = kKnown[code & 15];
    return cased(letter, code >= 16 ? Direction::from_client : Direction::from_server);
  }

  std::uint64_t bits_ = 0;
};

/// Counted letters come back at every power of ten: the 1st, 10th, 100th time.
constexpr bool worth_a_letter(std::uint64_t count) {
  while (count >= 10 && count % 10 == 0) count /= 10;
  return count == 1;
}

/// What conn_state is derived from: one end, in Zeek's terms.
enum class ZeekState : std::uint8_t {
  inactive,
  syn_sent,
  syn_ack_sent,
  partial,
  established,
  closed,
  reset,
};

/// Zeek's conn_state (base/protocols/conn). `no_bytes`: neither end sent payload.
std::string_view conn_state(ZeekState client, ZeekState server, bool no_bytes,
                            std::string_view history);

}  // namespace wirelens::tcp
