// decode/flow_key.cc - a flow's identity in text.
#include "decode/flow_key.h"

#include <arpa/inet.h>
#include <openssl/evp.h>

#include <array>
#include <charconv>

#include "base/bytes.h"

namespace wirelens {

namespace {

/// SHA-1, found once: OpenSSL's look-up by name takes locks and costs more than the digest.
class Sha1 {
 public:
  Sha1() : digest_(EVP_MD_fetch(nullptr, "SHA1", nullptr)), context_(EVP_MD_CTX_new()) {}
  ~Sha1() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(digest_);
  }
  Sha1(const Sha1&) = delete;
  Sha1& operator=(const Sha1&) = delete;

  std::array<std::uint8_t, 20> of(Bytes bytes) {
    std::array<std::uint8_t, 20> result{};
    EVP_DigestInit_ex2(context_, digest_, nullptr);
    EVP_DigestUpdate(context_, bytes.data(), bytes.size());
    EVP_DigestFinal_ex(context_, result.data(), nullptr);
    return result;
  }

 private:
  EVP_MD* digest_;
  EVP_MD_CTX* context_;
};

std::string dotted_quad(const AddressBytes& address) {
  std::string text;
  for (std::size_t i = 0; i < 4; ++i) {
    char digits[3];
    if (i > 0) text += '.';
    text.append(digits, std::to_chars(digits, digits + sizeof digits, address[i]).ptr);
  }
  return text;
}

}  // namespace

std::string address_text(const AddressBytes& address, std::uint8_t version) {
  if (version != 6) return dotted_quad(address);
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(AF_INET6, address.data(), text, sizeof text);
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

  thread_local Sha1 sha1;
  const std::array<std::uint8_t, 20> digest = sha1.of(Bytes(input).first(length));
  std::uint8_t encoded[29];  // 28 characters and the NUL that EVP_EncodeBlock adds
  const int characters = EVP_EncodeBlock(encoded, digest.data(), digest.size());
  return "1:" +
         std::string(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(characters));
}

}  // namespace wirelens
