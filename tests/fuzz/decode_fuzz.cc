// fuzz/decode_fuzz.cc - a sequence of packets through one decoder: headers, tunnels, fragments.
//
// Input: records of [link type][what is missing][milliseconds][length] (four bytes, the third in
// steps of 100 ms), then the bytes. Looks for over-reads, payloads outside of what they come from,
// memory past its caps, and work out of proportion to the input.
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/work.h"
#include "decode/decode.h"
#include "decode/fragments.h"

namespace wirelens {
namespace {

constexpr std::uint16_t kLinktypes[] = {1,   1,   1,   1,   101, 0,  108, 9,
                                        113, 276, 239, 228, 229, 50, 51,  104};
// A fragment may look at every piece of its datagram, and a tunnel begins anew in each packet.
constexpr std::uint64_t kWorkPerPacket = 4096, kWorkPerByte = 64;

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const Decoded& out, const Packet& packet) {
  require(out.payload.size() <= out.payload_length);
  if (out.joined || out.payload.empty()) return;
  const std::uint8_t* const begin = packet.bytes.data();
  require(out.payload.data() >= begin);
  require(out.payload.data() + out.payload.size() <= begin + packet.bytes.size());
}

void run(Bytes input) {
  Ledger ledger(std::size_t{64} << 20);
  {
    Decoder decoder(ledger);
    Decoded out;
    Interface interface;
    Packet packet;
    std::uint64_t budget = 0;
    const std::uint64_t before = work_done;
    while (input.size() >= 4) {
      interface.linktype = kLinktypes[input[0] % std::size(kLinktypes)];
      const std::size_t size =
          std::min<std::size_t>(input[3] * 8u + input[0] / 32u, input.size() - 4);
      // A block of its own, so that AddressSanitizer sees where the packet ends.
      const auto block = std::make_unique<std::uint8_t[]>(size);
      std::memcpy(block.get(), input.data() + 4, size);
      packet.bytes = {block.get(), size};
      packet.original_length = static_cast<std::uint32_t>(size + input[1]);
      packet.time = packet.now = packet.now + std::chrono::milliseconds(input[2] * 100);
      ++packet.number;
      if (decoder.decode(packet, interface, out) == Verdict::flow) check(out, packet);
      require(decoder.encapsulation_count() > out.key.outer || packet.number == 0);
      require(ledger.used(Charge::fragments) <= Fragments::kMaxBytes);
      budget += kWorkPerPacket + kWorkPerByte * size;
      require(work_done - before <= budget);
      input = input.subspan(4 + size);
    }
  }
  require(ledger.total() == 0);
}

}  // namespace
}  // namespace wirelens

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wirelens::run({data, size});
  return 0;
}
