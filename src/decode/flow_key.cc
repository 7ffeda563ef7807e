// decode/flow_key.cc - a flow's identity in text.
#include "decode/flow_key.h"

#include <arpa/inet.h>
#include <openssl/evp.h>

#include <array>

#include "base/bytes.h"

namespace wirelens {

std::string address_text(const AddressBytes& address, std::uint8_t version) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(version == 6 ? AF_INET6 : AF_INET, address.data(), text, sizeof text);
  return text;
}

std::string community_id(const FlowKey& key) {
  std::array<std::uint8_t, 2 + 32 + 2 + 4> input{};
  std::size_t length = 2;  // the seed, 0
  const std::size_t width = key.version == 6 ? 16 : 4;
  const auto append = [&](const std::uint8_t* from, std::size_t count) {
    std::memcpy(input.data() + length, from, count);
    length += count;
  };
  const std::uint8_t tail[6] = {key.protocol,
                                0,
                                static_cast<std::uint8_t>(key.low_port >> 8),
                                static_cast<std::uint8_t>(key.low_port),
                                static_cast<std::uint8_t>(key.high_port >> 8),
                                static_cast<std::uint8_t>(key.high_port)};
  append(key.low.data(), width);
  append(key.high.data(), width);
  append(tail, sizeof tail);

  std::uint8_t digest[20];
  unsigned digest_length = 0;
  EVP_Digest(input.data(), length, digest, &digest_length, EVP_sha1(), nullptr);
  std::uint8_t encoded[29];  // 28 characters and the NUL that EVP_EncodeBlock adds
  const int characters = EVP_EncodeBlock(encoded, digest, sizeof digest);
  return "1:" +
         std::string(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(characters));
}

}  // namespace wirelens
